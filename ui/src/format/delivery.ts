/** What a delivery's state comes to on screen. */
import { capitalised, type Say } from '../copy';
import { deliveryName, outcomeName } from '../copy/deliveries';
import { factsOf } from '../copy/services';
import type { Account } from '../host/bindings/Account';
import type { DeliveryRecord } from '../host/bindings/DeliveryRecord';
import type { DeliveryState } from '../host/bindings/DeliveryState';
import type { DeliveryStatus } from '../host/bindings/DeliveryStatus';
import type { Preset } from '../host/bindings/Preset';
import type { PresetQuestion } from '../host/bindings/PresetQuestion';
import type { ServiceId } from '../host/bindings/ServiceId';

import type { Circumstances, Light } from './account';
import { moment, past } from './time';

/** The light for a delivery; none for one to which nothing goes any more. */
export function deliveryLight(state: DeliveryState): Light | null {
  const lights: Record<DeliveryState, Light | null> = { off: null, needs_sign_in: 'soon', waiting: 'soon', delivered: 'ok', handed_over: 'ok', taken_back: null, failing: 'bad' };
  return lights[state];
}

/** How a delivery stands and what happens next with it: one line. */
export function deliverySays(delivery: DeliveryStatus, account: Account, given: Pick<Circumstances, 'say' | 'region' | 'now'>): string {
  const { say, region, now } = given;
  const { state, last, retry_at } = delivery;
  switch (state) {
    case 'off':
      return say('dl.is.off');
    case 'needs_sign_in':
      return say('dl.is.needs_sign_in');
    case 'taken_back':
      return say('dl.is.taken_back');
    case 'waiting':
      if (account.health.state === 'needs_sign_in') return say('dl.is.blocked');
      return say(last === null ? 'dl.is.new' : 'dl.is.waiting');
    case 'failing': {
      const what = last === null ? say('dl.state.failing') : wentAt(last, given);
      const next = retry_at === null ? null : new Date(retry_at);
      if (next === null) return say('dl.is.failing', { what });
      return next > now ? say('dl.is.retrying', { what, t: moment(region, next, now) }) : say('dl.is.retrying.now', { what });
    }
    case 'delivered':
    case 'handed_over':
      if (last === null) return say(`dl.state.${state}`);
      if (state === 'delivered') return wentAt(last, given);
      return say(delivery.scope === 'own_sign_in' ? 'dl.is.own' : 'dl.is.handed_over', { t: past(region, new Date(last.at), now) });
  }
}

/** What a delivery came to, and when. */
export function wentAt({ outcome, at }: DeliveryRecord, { say, region, now }: Pick<Circumstances, 'say' | 'region' | 'now'>): string {
  return say('dl.went', { what: capitalised(outcomeName(say, outcome)), t: past(region, new Date(at), now) });
}

/** Who has an account's key now; empty when it is to go nowhere. */
export function deliveredTo(say: Say, deliveries: readonly DeliveryStatus[]): string {
  const places = deliveries.filter(({ state }) => deliveryLight(state) !== null);
  const there = places.filter(({ state }) => state === 'delivered' || state === 'handed_over');
  const [only] = places;
  if (only === undefined) return '';
  if (places.length > 1) return say('dl.to', { a: there.length, b: places.length });
  return say(there.length === 1 ? 'dl.to.one' : 'dl.to.none', { name: deliveryName(say, only) });
}

/** The program that an account was handed over to; `null` when it is not known any more. */
export function ownerOf(say: Say, deliveries: readonly DeliveryStatus[]): string | null {
  const owner = deliveries.find(({ state, scope }) => state === 'handed_over' && scope === 'renewable');
  return owner ? deliveryName(say, owner) : null;
}

/** Whether a tool takes what an account of that service has. */
export function suits({ fields }: Preset, service: ServiceId): boolean {
  const has = factsOf(service)?.cookie.sample ?? [];
  return fields.every((field) => has.includes(field));
}

/** The answers that hold until others are given. */
export function answersOf({ questions }: Preset, given: Record<string, string> = {}): Record<string, string> {
  const open = questions.filter(({ is_secret }) => !is_secret);
  return Object.fromEntries(open.map(({ name, default: usual }) => [name, given[name] ?? usual ?? '']));
}

/** The secrets that are needed with these answers: those that are asked for, and those that the answers name. */
export function secretsOf({ questions }: Preset, answers: Record<string, string>): Pick<PresetQuestion, 'name' | 'words'>[] {
  // What is not signed needs nothing to sign with.
  const asked = questions.filter(({ is_secret, name }) => is_secret && !(name === 'signing' && answers['signature'] === 'none'));
  const texts = Object.values(answers).join('\n');
  const named = [...texts.matchAll(/\{\{\s*secret\.([a-z0-9-]+)\s*\}\}/g)].map(([, name = '']) => name);
  const others = [...new Set(named)].filter((name) => !asked.some((question) => question.name === name));
  return [...asked, ...others.map((name) => ({ name, words: { english: name, chinese: name } }))];
}
