import type { Bilingual } from '../host/bindings/Bilingual';
import type { Format } from '../host/bindings/Format';
import type { ServiceFacts } from '../host/bindings/ServiceFacts';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { Tier } from '../host/bindings/Tier';
import type { TierFacts } from '../host/bindings/TierFacts';

import type { CopyKey, Say } from '.';

/** What there is to show of each service. The program behind the window hands it over; nothing here knows a service by itself. */
let services: readonly ServiceFacts[] = [];

/** Takes the services that are spoken of from then on. */
export function know(all: readonly ServiceFacts[]): void {
  services = all;
}

/** Every service, in the order in which they are offered. */
export function known(): readonly ServiceFacts[] {
  return services;
}

/** What is known of a service. */
export function factsOf(service: ServiceId): ServiceFacts | undefined {
  return services.find(({ id }) => id === service);
}

/** A text of the program in the window's language. */
export function inLanguage(say: Say, { english, chinese }: Bilingual): string {
  return say('language') === 'en' ? english : chinese;
}

/** What people call a service, its app, or the company that runs it. */
export function serviceName(say: Say, service: ServiceId, what: 'name' | 'short_name' | 'app_name' | 'owner' = 'name'): string {
  const facts = factsOf(service);
  return facts ? inLanguage(say, facts[what]) : service;
}

/** What is known of a tier, whichever service has it. */
export function tierFacts(tier: Tier): TierFacts | undefined {
  return services.flatMap(({ tiers }) => tiers).find((facts) => facts.tier === tier);
}

/** What a tier is called. */
export function tierName(say: Say, tier: Tier): string {
  const facts = tierFacts(tier);
  return facts ? inLanguage(say, facts.name) : tier;
}

/** The formats of every service, with what they are called. */
const SHARED = { header: 'f.header', json: 'f.json', env: 'f.env', netscape: 'f.netscape' } as const satisfies Record<string, CopyKey>;

/** Every format, in the order of menus; those of one service alone, when it is named. */
export function formats(service?: ServiceId): Format[] {
  const own = services.filter(({ id }) => service === undefined || id === service).flatMap((facts) => facts.formats);
  return [...Object.keys(SHARED), ...own.map(({ name }) => name)];
}

/** What a format is called. */
export function formatName(say: Say, format: Format): string {
  if (format in SHARED) return say(SHARED[format as keyof typeof SHARED]);
  const own = services.flatMap((facts) => facts.formats).find(({ name }) => name === format);
  return own ? inLanguage(say, own.words) : format;
}

/** What a format of a service looks like: fixed text, never values. */
export function formatShape(service: ServiceId, format: Format): string {
  const facts = factsOf(service);
  if (!facts) return '';
  const { cookie } = facts;
  switch (format) {
    case 'header':
      return cookie.sample.map((name) => `${name}=…`).join('; ');
    case 'json':
      return `{ "${cookie.sample[0] ?? ''}": … }`;
    case 'env':
      return `${cookie.env_name}=…`;
    case 'netscape':
      return `${cookie.domain}  TRUE  /`;
    default:
      return facts.formats.find(({ name }) => name === format)?.shape ?? '';
  }
}

/** Names that are all meant, or of which any is. */
export function listed(say: Say, names: string[], which: 'and' | 'or'): string {
  if (say('language') !== 'en') return names.join('、');
  return new Intl.ListFormat('en-GB', { type: which === 'and' ? 'conjunction' : 'disjunction' }).format(names);
}

/** The companies that run the services. */
export function owners(say: Say, which: 'and' | 'or'): string {
  return listed(say, [...new Set(services.map(({ owner }) => inLanguage(say, owner)))], which);
}
