import { beforeAll, describe, expect, test } from 'vitest';

import { know } from '../../src/copy/services';
import { services } from '../../src/host/bindings/services';
import { say, type Say } from '../../src/copy';
import { arranged, canCopy, lightOf, lightSays, membershipCells, nextOf, renewalSays, renewalWords, renewsAt, statusOf, strip, type Circumstances } from '../../src/format/account';
import { regionOf } from '../../src/format/time';
import type { Account } from '../../src/host/bindings/Account';
import type { Light } from '../../src/host/bindings/Light';
import type { RenewalRecord } from '../../src/host/bindings/RenewalRecord';
import type { TierStatus } from '../../src/host/bindings/TierStatus';
import { NOW, people } from '../../src/host/scenes';

know(services);

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
    problem: { code, service: null, detail: null, service_message: null },
  });
  expect(renewalSays(failed('timeout'))).toBe('hi.failed.timeout');
  expect(renewalSays(failed('keychain_locked'))).toBe('hi.failed.keychain');
  expect(renewalSays(failed('unexpected'))).toBe('hi.failed');
  expect(renewalSays({ ...failed('rejected'), outcome: 'rejected' })).toBe('hi.rejected');
});

test('a renewal that brought no new key says why', () => {
  const kept: RenewalRecord = { at: checked_at, outcome: 'unchanged', trigger: 'manual', problem: null };
  expect(renewalSays(kept)).toBe('hi.unchanged');
  expect(renewalSays({ ...kept, unchanged: 'refresh_token_dead' })).toBe('hi.unchanged.refresh_token_dead');
});

test('a light says what has shown it, when, and of which key', () => {
  const proof = { at: new Date(new Date(NOW).getTime() - 5 * 60_000).toISOString(), call: 'check', is_current: true } as const;
  const said = (light: Light) => plain(lightSays(light, given));
  expect(said({ kind: 'music_key_works', proof })).toBe('音乐密钥可用：由验证确认，14:48');
  expect(said({ kind: 'account_accepted', proof: { ...proof, call: 'renewal', is_current: false } })).toBe('账号有效：上一个密钥由续期确认，14:48');
  expect(said({ kind: 'music_key_works', proof: null })).toBe('音乐密钥可用：尚未确认');
});

test('a renewal under way hides the health; a check does not', () => {
  expect(lightOf(people.xiaoman, 'renewing')).toBe('busy');
  expect(lightOf(people.xiaoman, 'checking')).toBe('soon');
  expect(lightOf(people.mori, null)).toBe('bad');
});

const chinese: Say = (key, ...values) => say('zh-CN', key, ...values);
const given: Circumstances = { say: chinese, region: regionOf('zh-CN', 'zh_CN.UTF-8'), now: new Date(NOW), kc: '系统密钥环', busy: null, auto: true, owner: null, places: '' };
const plain = (text: string) => text.replace(/\u00a0/g, ' ').replace(/\u2060/g, '');

describe('how an account is doing, in one sentence', () => {
  test('says that it works, since when that is known, until when, and what then', () => {
    expect(plain(statusOf(people.linJian, given))).toBe('可用，14:51 已验证。有效期至 11月23日，明天 11:41 续期。');
  });

  test('a renewal proves a key as well as a check does', () => {
    const renewals = [{ at: '2025-11-21T06:52:00Z', outcome: 'renewed', trigger: 'automatic', problem: null }] as const;
    expect(plain(statusOf({ ...people.linJian, renewals: [...renewals] }, given))).toMatch(/^可用，14:52 已验证/);
    expect(plain(statusOf({ ...people.linJian, checked_at: null, renewals: [] }, given))).toMatch(/^尚未验证/);
  });

  test('does not promise what is not known, or over', () => {
    const life = { ...people.linJian.life, expires_at: null };
    expect(plain(statusOf({ ...people.linJian, life }, given))).toMatch(/到期时间未知，明天 11:41 续期。$/);
    expect(plain(statusOf({ ...people.linJian, life: { ...life, expires_at: '2025-11-20T00:00:00Z', renew_at: '2025-11-20T00:00:00Z' } }, given))).toMatch(/已于 11月20日到期，等待续期。$/);
  });
});

describe('what cannot be renewed', () => {
  const account: Account = { ...people.linJian, renewability: 'not_renewable', health: { state: 'warning', since: '2025-11-21T02:29:00Z', reason: 'not_renewable' } };

  test('never renews by itself, whatever is planned for it', () => {
    for (const auto of [true, false]) {
      expect(chinese(renewalWords(account, { auto }) as 'cr.auto')).toBe('无法续期');
      expect(statusOf(account, { ...given, auto })).toMatch(/无法续期。$/);
      expect(nextOf(account, { ...given, auto })).toBe('无法续期');
    }
    expect(lightOf(account, null)).toBe('warn');
  });

  test('has no next renewal, even if one was planned; nor has what is dead, unreadable or only renewed by hand', () => {
    const since = '2025-11-21T02:29:00Z';
    expect(renewsAt(people.linJian, { auto: true })).toEqual(new Date(people.linJian.life.renew_at ?? ''));
    expect(renewsAt(people.linJian, { auto: false })).toBeNull();
    expect(renewsAt(account, { auto: true })).toBeNull();
    for (const reason of ['rejected', 'missing'] as const) {
      expect(renewsAt({ ...people.linJian, health: { state: 'needs_sign_in', since, reason } }, { auto: true })).toBeNull();
    }
    expect(renewsAt({ ...people.linJian, health: { state: 'warning', since, reason: 'unreadable' } }, { auto: true })).toBeNull();
  });

  test('is told from what nobody has looked at, and from what renews while it lives', () => {
    const words = (['renewable', 'while_alive', 'not_renewable', null] as const).map((renewability) => renewalWords({ ...people.linJian, renewability }, given));
    expect(new Set(words).size).toBe(4);
  });
});

test('only what the keychain holds and gives can be copied', () => {
  const since = '2025-11-21T02:29:00Z';
  expect(canCopy(people.linJian)).toBe(true);
  expect(canCopy(people.mori), 'dead, but there').toBe(true);
  expect(canCopy({ ...people.linJian, health: { state: 'needs_sign_in', since, reason: 'missing' } })).toBe(false);
  expect(canCopy({ ...people.linJian, health: { state: 'warning', since, reason: 'unreadable' } })).toBe(false);
});

test('accounts are arranged as asked, and what is equal keeps its order', () => {
  const all = Object.values(people);
  const ids = (accounts: Account[]) => accounts.map(({ nickname }) => nickname);
  expect(ids(arranged([...all], 'added', ''))).toEqual(ids(all));
  expect(ids(arranged([...all], 'attention', ''))).toEqual(['Mori', '林间有风', 'Xiaoman', '夜航星']);
  expect(ids(arranged([...all], 'next', '')), 'what has no renewal comes last').toEqual(['Xiaoman', '林间有风', '夜航星', 'Mori']);
  expect(ids(arranged([...all], 'added', ' XIAO '))).toEqual(['Xiaoman']);
});
