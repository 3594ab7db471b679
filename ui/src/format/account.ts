/** What an account's state comes to on screen. */
import { tierFacts } from '../copy/services';
import type { Account } from '../host/bindings/Account';
import type { Busy } from '../host/bindings/Busy';
import type { Light as ProvenLight } from '../host/bindings/Light';
import type { Membership } from '../host/bindings/Membership';
import type { RenewalOutcome } from '../host/bindings/RenewalOutcome';
import type { RenewalRecord } from '../host/bindings/RenewalRecord';
import type { Tier } from '../host/bindings/Tier';
import type { TierStatus } from '../host/bindings/TierStatus';
import type { CopyKey, Say } from '../copy';

import { daysUntil, end, longSpan, moment, past, type Region } from './time';

/** Health as a shape and a colour. */
export type Light = 'ok' | 'soon' | 'warn' | 'bad' | 'busy';

/** The light for an account, given what is being done with it. */
export function lightOf({ health }: Account, busy: Busy | null): Light {
  if (busy === 'renewing') return 'busy';
  switch (health.state) {
    case 'healthy':
      return 'ok';
    case 'renews_soon':
      return 'soon';
    case 'warning':
      return 'warn';
    case 'needs_sign_in':
      return 'bad';
  }
}

/** What the person calls an account, else what the service does. */
export function nameOf({ label, nickname }: Account): string {
  return label ?? nickname;
}

/** Whether there is a credential that can be handed out, working or not. */
export function canCopy({ health }: Account): boolean {
  return !('reason' in health && (health.reason === 'missing' || health.reason === 'unreadable'));
}

/** What an account's words depend on beside itself. */
export interface Circumstances {
  say: Say;
  region: Region;
  now: Date;
  /** What this system calls its keychain. */
  kc: string;
  busy: Busy | null;
  /** Whether renewals are planned at all. */
  auto: boolean;
  /** The program that it was handed over to, when that is known. */
  owner: string | null;
  /** Who has its key now, in a sentence. */
  places: string;
}

/** Whether an account's key is renewed, in the words of the credential's heading. */
export function renewalWords({ health, renewability, handed_over_at, life }: Account, { auto }: Pick<Circumstances, 'auto'>): CopyKey & `cr.${string}` {
  const reason = 'reason' in health ? health.reason : null;
  if (health.state === 'needs_sign_in' || reason === 'unreadable') return 'cr.off';
  if (handed_over_at !== undefined) return 'cr.handed';
  if (reason === 'missing_once') return 'cr.unknown';
  if (renewability === 'not_renewable') return 'cr.never';
  if (!auto) return 'cr.paused';
  if (renewability === 'while_alive') return 'cr.alive';
  return renewability === null || life.renew_at === null ? 'cr.unknown' : 'cr.auto';
}

/** Whether a renewal can help an account: not where only a new sign-in does, and not where another program renews it. */
export function canBeRenewed({ health, renewability, handed_over_at }: Account): boolean {
  return health.state !== 'needs_sign_in' && renewability !== 'not_renewable' && handed_over_at === undefined;
}

/** When an account is renewed by itself; `null` when it is not. What is planned for it counts only while it can be done. */
export function renewsAt(account: Account, given: Pick<Circumstances, 'auto'>): Date | null {
  const { renew_at } = account.life;
  if ('reason' in account.health && account.health.reason === 'missing_once') return null;
  const byItself: string[] = ['cr.auto', 'cr.alive', 'cr.unknown'] satisfies CopyKey[];
  return renew_at !== null && byItself.includes(renewalWords(account, given)) ? new Date(renew_at) : null;
}

/** What happens next with an account, or what is wrong with it, as short as a list needs it. */
export function nextOf(account: Account, { say, region, now, busy, auto }: Circumstances): string {
  const light = lightOf(account, busy);
  if (light === 'busy') return say('health.busy');
  const { health } = account;
  if ('reason' in health) return say(`next.${health.reason}`);
  if (account.handed_over_at !== undefined) return say('side.handed');
  if (!auto) return say('side.manual');
  const renews = renewsAt(account, { auto });
  if (renews === null) return say('side.unplanned');
  const left = renews.getTime() - now.getTime();
  return left <= 0 ? say('side.due') : say('side.renews', { t: longSpan(region, left) });
}

/** How an account is doing, until when its key is good, what becomes of it then and who has it: a line that is the whole story. */
export function statusOf(account: Account, given: Circumstances): string {
  const { say, places } = given;
  const story = storyOf(account, given);
  return places === '' ? story : say('ss.both', { a: story, b: places });
}

function storyOf(account: Account, given: Circumstances): string {
  const { say, region, now, kc } = given;
  const { health, checked_at } = account;
  if ('reason' in health) {
    const t = past(region, new Date(health.since), now);
    switch (health.reason) {
      case 'rejected':
        return say('ss.rejected', { t });
      case 'missing':
      case 'missing_once':
      case 'unreadable':
        return say(`ss.${health.reason}`, { t, kc });
      case 'refused_once':
      case 'renewal_failing':
        return say('ss.both', { a: say(`ss.${health.reason}`, { t }), b: outlook(account, given) });
      case 'not_renewable':
    }
  }
  // A renewal proves a key as well as a check does.
  const verified = [checked_at ?? '', account.renewals.find(succeeded)?.at ?? ''].sort().at(-1);
  const a = verified ? say('ss.works', { t: past(region, new Date(verified), now) }) : say('ss.unverified');
  return say('ss.both', { a, b: outlook(account, given) });
}

/** Until when a key is good, and what becomes of it then. */
function outlook(account: Account, given: Circumstances): string {
  const { say, region, now } = given;
  const { life, renewability } = account;
  const ends = life.expires_at === null ? null : new Date(life.expires_at);
  const renews = renewsAt(account, given);
  const e = ends === null ? say('ss.open') : say(ends > now ? 'ss.until' : 'ss.over', { d: end(region, ends, now) });
  const r =
    account.handed_over_at !== undefined
      ? say('ss.handed', { o: given.owner ?? say('ho.somebody') })
      : renewability === 'not_renewable'
      ? say('ss.never')
      : renews === null
        ? say(given.auto ? 'ss.unplanned' : 'ss.manual')
        : renews > now
          ? say('ss.renews', { t: moment(region, renews, now) })
          : say('ss.due');
  return say('ss.outlook', { e, r });
}

/** Something that a service has shown of an account, by which call and when. */
export function lightSays({ kind, proof }: ProvenLight, { say, region, now }: Pick<Circumstances, 'say' | 'region' | 'now'>): string {
  const what = say(`li.${kind}`);
  if (proof === null) return say('li.unknown', { what });
  const given = { what, by: say(`li.by.${proof.call}`), t: past(region, new Date(proof.at), now) };
  return say(proof.is_current ? 'li.shown' : 'li.shown.old', given);
}

/** In which order accounts are listed. */
export type Order = 'added' | 'name' | 'attention' | 'next';

/** The orders to choose from. */
export const orders: readonly Order[] = ['added', 'name', 'attention', 'next'];

/** The accounts that match what was searched for, in that order. */
export function arranged(accounts: Account[], order: Order, query: string): Account[] {
  const wanted = query.trim().toLowerCase();
  const found = accounts.filter((account) =>
    [account.label, account.nickname, account.note, account.uid].some((text) => text?.toLowerCase().includes(wanted)),
  );
  const urgency = ({ health }: Account) => ['needs_sign_in', 'warning'].indexOf(health.state) >>> 0;
  const due = ({ life }: Account) => (life.renew_at === null ? Infinity : Date.parse(life.renew_at));
  switch (order) {
    case 'added':
      return found;
    case 'name':
      return found.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    case 'attention':
      return found.sort((a, b) => urgency(a) - urgency(b));
    case 'next':
      return found.sort((a, b) => due(a) - due(b) || 0);
  }
}

/** The two cells of a membership: the ordinary tier that matters, and the highest one. */
export function membershipCells({ tiers }: Membership): { ordinary: TierStatus | null; highest: TierStatus | null } {
  const isHighest = ({ tier }: TierStatus) => tierFacts(tier)?.is_highest === true;
  const ordinary = tiers.filter((tier) => !isHighest(tier));
  return {
    // Ranked lowest first: the best that is held, else the one held last, else the best there is.
    ordinary: ordinary.filter(({ active }) => active).at(-1) ?? latest(ordinary) ?? ordinary.at(-1) ?? null,
    highest: tiers.find(isHighest) ?? null,
  };
}

/** The badge in front of a tier. */
export function badgeOf(tier: Tier): 'VIP' | 'SVIP' {
  return tierFacts(tier)?.is_highest === true ? 'SVIP' : 'VIP';
}

/** One day in the strip of the last 30. */
export type StripDay = 'none' | 'ok' | 'failed';

/** The last 30 days, oldest first. A day counts as failed when nothing on it succeeded. */
export function strip(renewals: RenewalRecord[], now: Date): StripDay[] {
  const days = new Array<StripDay>(30).fill('none');
  for (const renewal of renewals) {
    const at = 29 + daysUntil(new Date(renewal.at), now);
    if (at < 0 || at > 29) continue;
    if (succeeded(renewal)) days[at] = 'ok';
    else if (days[at] === 'none') days[at] = 'failed';
  }
  return days;
}

/** Whether a renewal left a key that works. */
export function succeeded({ outcome }: RenewalRecord): boolean {
  return outcome === 'renewed' || outcome === 'unchanged';
}

/** The lines of the history. */
type RenewalLine = CopyKey & (`hi.${Exclude<RenewalOutcome, 'failed' | 'unchanged'>}` | `hi.unchanged${string}` | `hi.failed${string}`);

/** The line for a renewal in the history. */
export function renewalSays({ outcome, problem, unchanged }: RenewalRecord): RenewalLine {
  if (outcome === 'unchanged') return unchanged === undefined ? 'hi.unchanged' : `hi.unchanged.${unchanged}`;
  if (outcome !== 'failed') return `hi.${outcome}`;
  switch (problem?.code) {
    case 'offline':
    case 'untrusted_certificate':
    case 'no_authorities':
    case 'extra_ca_unusable':
    case 'name_not_resolved':
    case 'not_the_service':
    case 'server_error':
    case 'proxy_unreachable':
    case 'proxy_refused':
    case 'proxy_password':
    case 'proxy_unusable':
      return 'hi.failed.offline';
    case 'timeout':
      return 'hi.failed.timeout';
    case 'keychain_locked':
    case 'keychain_unavailable':
    case 'keychain_denied':
      return 'hi.failed.keychain';
    case 'rate_limited':
    case 'risk_control':
      return 'hi.failed.limited';
    default:
      return 'hi.failed';
  }
}

function latest(tiers: TierStatus[]): TierStatus | undefined {
  return tiers
    .filter(({ until }) => until !== null)
    .sort((a, b) => Date.parse(a.until ?? '') - Date.parse(b.until ?? ''))
    .at(-1);
}
