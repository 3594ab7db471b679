/** What an account's state comes to on screen. */
import type { Account } from '../host/bindings/Account';
import type { Busy } from '../host/bindings/Busy';
import type { Membership } from '../host/bindings/Membership';
import type { RenewalOutcome } from '../host/bindings/RenewalOutcome';
import type { RenewalRecord } from '../host/bindings/RenewalRecord';
import type { Tier } from '../host/bindings/Tier';
import type { TierStatus } from '../host/bindings/TierStatus';
import type { CopyKey } from '../copy';

import { daysUntil } from './time';

/** Health as a shape and a colour. */
export type Light = 'ok' | 'soon' | 'bad' | 'busy';

/** The light for an account, given what is being done with it. */
export function lightOf({ health }: Account, busy: Busy | null): Light {
  if (busy === 'renewing') return 'busy';
  switch (health.state) {
    case 'healthy':
      return 'ok';
    case 'renews_soon':
    case 'warning':
      return 'soon';
    case 'needs_sign_in':
      return 'bad';
  }
}

/** The two cells of a membership: the ordinary tier that matters, and the highest one. */
export function membershipCells({ tiers }: Membership): { ordinary: TierStatus | null; highest: TierStatus | null } {
  const isHighest = ({ tier }: TierStatus) => tier === 'qq_super' || tier === 'netease_vinyl_super';
  const ordinary = tiers.filter((tier) => !isHighest(tier));
  return {
    // Ranked lowest first: the best that is held, else the one held last, else the best there is.
    ordinary: ordinary.filter(({ active }) => active).at(-1) ?? latest(ordinary) ?? ordinary.at(-1) ?? null,
    highest: tiers.find(isHighest) ?? null,
  };
}

/** The badge in front of a tier. */
export function badgeOf(tier: Tier): 'VIP' | 'SVIP' {
  return tier === 'qq_super' || tier === 'netease_vinyl_super' ? 'SVIP' : 'VIP';
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
type RenewalLine = CopyKey & (`hi.${Exclude<RenewalOutcome, 'failed'>}` | `hi.failed${string}`);

/** The line for a renewal in the history. */
export function renewalSays({ outcome, problem }: RenewalRecord): RenewalLine {
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
