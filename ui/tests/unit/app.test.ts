import { expect, test } from 'vitest';

import { NOW, people, scriptOf } from '../../src/host/scenes';
import { ScriptedHost } from '../../src/host/scripted';
import { App } from '../../src/state/app.svelte';
import { Clock } from '../../src/state/clock.svelte';

test('a view that was asked for before the window was ready is opened as soon as it is', async () => {
  const host = new ScriptedHost(scriptOf({}, () => NOW, new URLSearchParams()));
  const app = new App(host, new Clock(() => NOW), { polite: () => {}, assertive: () => {} });
  const opened = app.open();
  host.emit({ kind: 'open', view: 'add', account: null, service: 'netease', delivery: null });
  await opened;
  expect(app.place).toMatchObject({ view: 'add', way: { service: 'netease' } });
});

test('what has just come counts from now, not from the last tick', async () => {
  let now = NOW;
  const host = new ScriptedHost(scriptOf({}, () => now, new URLSearchParams()));
  const app = new App(host, new Clock(() => now), { polite: () => {}, assertive: () => {} });
  await app.open();
  now += 990;
  const in60seconds = new Date(now + 60_000).toISOString();
  expect(app.clock.secondsUntil(in60seconds), 'by the last tick it is a second more').toBe(61);
  host.emit({ kind: 'open', view: 'add', account: null, service: 'netease', delivery: null });
  expect(app.clock.secondsUntil(in60seconds)).toBe(60);
  expect(app.clock.secondsUntil(now - 1), 'what is past').toBe(0);
  expect(app.clock.secondsUntil(null), 'what never comes').toBe(0);
});

async function opened(at: string | null, accounts = Object.values(people)): Promise<{ app: App; host: ScriptedHost }> {
  const host = new ScriptedHost(scriptOf({ accounts, ...(at === null ? {} : { at }) }, () => NOW, new URLSearchParams()));
  const app = new App(host, new Clock(() => NOW), { polite: () => {}, assertive: () => {} });
  await app.open();
  return { app, host };
}

test('a toast belongs to the view that it was told in', async () => {
  const { app } = await opened(`accounts/${people.linJian.id}`);
  await app.check(people.linJian);
  expect(app.toasts.note?.text()).toBe('林间有风: works; verified just now.');
  app.openAccounts(people.xiaoman.id);
  expect(app.toasts.note).toBeNull();
});

test('what failed is untrue once the account is better, and a banner that says it is enough', async () => {
  const { app, host } = await opened(`accounts/${people.linJian.id}`);
  host.failing.check = { code: 'rejected', service: 'qqmusic', detail: null, service_message: null };
  await app.check(people.linJian);
  expect(app.toasts.note?.tone).toBe('bad');
  host.emit({ kind: 'account', account: { ...people.linJian, revision: 5000, health: { state: 'needs_sign_in', since: '2025-11-21T06:53:00Z', reason: 'rejected' } } });
  expect(app.toasts.note, 'the banner says it').toBeNull();
  host.emit({ kind: 'account', account: { ...people.linJian, revision: 5001, life: { ...people.linJian.life, issued_at: '2025-11-21T06:54:00Z' } } });
  expect(app.toasts.note, 'it is mended').toBeNull();
});

test('a keychain that was locked is not said to be once it is open', async () => {
  const { app, host } = await opened(null);
  host.failing.copyCookie = { code: 'keychain_locked', service: null, detail: null, service_message: null };
  await app.copy(people.linJian);
  expect(app.toasts.note).not.toBeNull();
  host.emit({ kind: 'keychain', state: 'locked' });
  expect(app.toasts.note).toBeNull();
});

test('whoever was told to wait for a minute is not told so after it', async () => {
  let now = NOW;
  const host = new ScriptedHost(scriptOf({ accounts: Object.values(people), at: 'overview' }, () => now, new URLSearchParams()));
  const app = new App(host, new Clock(() => now), { polite: () => {}, assertive: () => {} });
  await app.open();
  const limited = { code: 'rate_limited', service: null, detail: null, service_message: null } as const;
  host.failing = { renewAll: limited, check: limited };
  for (const ask of [() => app.renewAll(), () => app.check(people.linJian)]) {
    await ask();
    now += 59_000;
    app.clock.tick();
    expect(app.toasts.note?.tone).toBe('bad');
    now += 1000;
    app.clock.tick();
    expect(app.toasts.note).toBeNull();
  }
});

test('an account is removed only when the person says yes to the system', async () => {
  const { app, host } = await opened(`accounts/${people.linJian.id}`);
  for (const how of ['forget', 'sign-out'] as const) {
    host.failing = { forget: { code: 'cancelled', service: null, detail: null, service_message: null }, signOut: { code: 'cancelled', service: null, detail: null, service_message: null } };
    await app.remove(people.linJian, how);
    expect(app.toasts.note, 'who has said no knows').toBeNull();
    expect(app.busy(people.linJian)).toBeNull();
  }
  host.failing = {};
  await app.remove(people.linJian, 'sign-out');
  expect(app.core.account(people.linJian.id)).toBeUndefined();
  expect(app.toasts.note?.text()).toBe('林间有风: signed out and removed.');
});

test('copying what is dead asks first', async () => {
  const { app, host } = await opened(`accounts/${people.mori.id}`);
  await app.copy(people.mori);
  expect(app.question?.kind).toBe('copy-dead');
  expect(host.calls).toEqual([]);
  await app.copy(people.mori, null, true);
  expect(host.calls).toEqual([['copyCookie', people.mori.id, null]]);
});

test('renewing all at once is under way until it has a result', async () => {
  const { app, host } = await opened(null);
  host.failingRenewals = [people.xiaoman.id, people.yehang.id];
  const all = app.renewAll();
  expect(app.renewingAll).toBe(true);
  expect(app.toasts.note?.tone).toBe('busy');
  await app.renewAll();
  await all;
  expect(host.calls.filter(([command]) => command === 'renewAll'), 'once at a time').toHaveLength(1);
  expect(app.toasts.note?.text()).toBe('1 renewed; 2 failed: Xiaoman, 夜航星; 1 can’t be renewed.');
  app.openAccounts(people.linJian.id);
  expect(app.toasts.note).toBeNull();
});

test('leaving the settings leads back to where the accounts were left', async () => {
  const { app } = await opened('overview');
  app.go({ view: 'settings', tab: 'general' });
  app.openAccounts();
  expect(app.place).toEqual({ view: 'overview' });
});
