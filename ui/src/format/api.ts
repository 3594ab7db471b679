/** The local API in words. */
import type { Say } from '../copy';
import type { Account } from '../host/bindings/Account';
import type { ApiStatus } from '../host/bindings/ApiStatus';
import type { ApiToken } from '../host/bindings/ApiToken';
import type { ApiVisit } from '../host/bindings/ApiVisit';

import { nameOf } from './account';
import { past, type Region } from './time';

/** What the words depend on. */
export interface Given {
  say: Say;
  region: Region;
  now: Date;
}

/** The line of the sidebar: what it is, who used it last, and whether something is wrong; nothing while it is off. */
export function lineOf({ say, region, now }: Given, { address, port, problem, last_use }: ApiStatus): { is: string; used: string; bad: boolean } | null {
  const used = last_use && say('api.line.used', { name: last_use.name, t: past(region, new Date(last_use.at), now) });
  if (address !== null) return { is: say('api.line.on', { port }), used: used ?? say('api.line.unused'), bad: false };
  if (used !== null) return { is: say('api.line.elsewhere'), used, bad: false };
  return problem && { is: say('api.line.off'), used: say('api.line.why'), bad: true };
}

/** What somebody has asked for, by the names of the accounts that there are. */
export function visitSays(say: Say, accounts: readonly Account[], { scope, account, status, times }: ApiVisit): string {
  const known = accounts.find(({ id }) => id === account);
  const a = known ? nameOf(known) : account;
  const did = (): string => {
    if (scope === null) return say('api.did.other');
    if (scope === 'sign-in' || a === null) return say(`api.did.${scope}`);
    return say(`api.did.${scope}.of`, { a });
  };
  const became = status === 403 ? say('api.did.refused', { what: did() }) : status >= 400 ? say('api.did.failed', { what: did() }) : did();
  return times > 1 ? say('api.did.times', { what: became, n: times }) : became;
}

/** When a token was made, when it was last used, and for what as far as that is known. */
export function tokenSays({ say, region, now }: Given, accounts: readonly Account[], { name, created_at, last_used_at }: ApiToken, visits: readonly ApiVisit[]): string {
  const time = (at: string) => past(region, new Date(at), now);
  const a = say('api.made', { t: time(created_at) });
  if (last_used_at === null) return say('api.pair', { a, b: say('api.unused') });
  const t = time(last_used_at);
  const last = visits.find((visit) => visit.name === name && visit.at === last_used_at);
  return say('api.pair', { a, b: last ? say('api.used.for', { t, what: visitSays(say, accounts, { ...last, times: 1 }) }) : say('api.used', { t }) });
}
