import { beforeAll, describe, expect, test } from 'vitest';

import { lightOf, membershipCells, renewalSays, strip } from '../../src/format/account';
import type { RenewalRecord } from '../../src/host/bindings/RenewalRecord';
import type { TierStatus } from '../../src/host/bindings/TierStatus';
import { NOW, people } from '../../src/host/scenes';

beforeAll(() => {
  process.env['TZ'] = 'Asia/Shanghai';
});

const checked_at = '2025-11-21T00:00:00Z';
const tier = (tier: TierStatus['tier'], active: boolean, until: string | null): TierStatus => ({ tier, active, until });

describe('the membership', () => {
  test('shows the best tier that is held', () => {
    const tiers = [tier('qq_green', true, '2027-01-01T00:00:00Z'), tier('qq_luxury_green', true, '2026-01-01T00:00:00Z'), tier('qq_super', false, null)];
    expect(membershipCells({ tiers, checked_at })).toEqual({ ordinary: tiers[1], highest: tiers[2] });
  });

  test('shows the one held last when none is held', () => {
    const tiers = [tier('qq_green', false, '2024-08-22T00:00:00Z'), tier('qq_luxury_green', false, '2023-01-01T00:00:00Z'), tier('qq_super', false, null)];
    expect(membershipCells({ tiers, checked_at }).ordinary).toEqual(tiers[0]);
  });

  test('shows the best there is when none was ever held', () => {
    const tiers = [tier('netease_music_package', false, null), tier('netease_vinyl', false, null), tier('netease_vinyl_super', false, null)];
    expect(membershipCells({ tiers, checked_at })).toEqual({ ordinary: tiers[1], highest: tiers[2] });
  });

  test('can be empty', () => {
    expect(membershipCells({ tiers: [], checked_at })).toEqual({ ordinary: null, highest: null });
  });
});

describe('the strip of thirty days', () => {
  const renewal = (at: string, outcome: RenewalRecord['outcome']): RenewalRecord => ({ at: new Date(`${at}+08:00`).toISOString(), outcome, trigger: 'automatic', problem: null });

  test('ends today and begins thirty days ago', () => {
    const days = strip([renewal('2025-11-21T00:01:00', 'renewed'), renewal('2025-10-23T23:59:00', 'unchanged'), renewal('2025-10-22T23:59:00', 'renewed')], new Date(NOW));
    expect(days).toHaveLength(30);
    expect([days[0], days[29]]).toEqual(['ok', 'ok']);
    expect(days.filter((day) => day !== 'none'), 'the day before is off the strip').toHaveLength(2);
  });

  test('a day is red only when nothing on it succeeded', () => {
    const days = strip(
      [renewal('2025-11-20T08:00:00', 'renewed'), renewal('2025-11-20T07:00:00', 'failed'), renewal('2025-11-19T07:00:00', 'rejected')],
      new Date(NOW),
    );
    expect(days.slice(-3)).toEqual(['failed', 'ok', 'none']);
  });
});

test('a failed renewal says what failed, as far as that is known', () => {
  const failed = (code: NonNullable<RenewalRecord['problem']>['code']): RenewalRecord => ({
    at: checked_at,
    outcome: 'failed',
    trigger: 'automatic',
    problem: { code, service: null, detail: null, said: null },
  });
  expect(renewalSays(failed('timeout'))).toBe('hi.failed.timeout');
  expect(renewalSays(failed('keychain_locked'))).toBe('hi.failed.keychain');
  expect(renewalSays(failed('unexpected'))).toBe('hi.failed');
  expect(renewalSays({ ...failed('rejected'), outcome: 'rejected' })).toBe('hi.rejected');
});

test('a renewal under way hides the health; a check does not', () => {
  expect(lightOf(people.xiaoman, 'renewing')).toBe('busy');
  expect(lightOf(people.xiaoman, 'checking')).toBe('soon');
  expect(lightOf(people.mori, null)).toBe('bad');
});
