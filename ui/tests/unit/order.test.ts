import { beforeEach, expect, test } from 'vitest';

import type { Account } from '../../src/host/bindings/Account';
import type { PreferenceChange } from '../../src/host/bindings/PreferenceChange';
import type { Preferences } from '../../src/host/bindings/Preferences';
import type { Host, HostEvent } from '../../src/host/host';
import { NOW, scenes, scriptOf } from '../../src/host/scenes';
import { ScriptedHost } from '../../src/host/scripted';
import { App } from '../../src/state/app.svelte';
import { Clock } from '../../src/state/clock.svelte';

/** A host whose answers are held back until they are let go, while its events come at once. */
class SlowToAnswer extends ScriptedHost {
  /** How to let each go, in the order in which they were asked for. */
  readonly held: (() => void)[] = [];

  constructor() {
    super(scriptOf(scenes['account-healthy'], () => NOW, new URLSearchParams()));
  }

  override copyCookie(...given: Parameters<Host['copyCookie']>) {
    return this.#hold(super.copyCookie(...given));
  }
  override setSetting(...given: Parameters<Host['setSetting']>) {
    return this.#hold(super.setSetting(...given));
  }
  override setPreferences(...given: Parameters<Host['setPreferences']>) {
    return this.#hold(super.setPreferences(...given));
  }
  override keychainRetry() {
    return this.#hold(super.keychainRetry());
  }
  override check(...given: Parameters<Host['check']>) {
    return this.#hold(super.check(...given));
  }
  override startSignIn(...given: Parameters<Host['startSignIn']>) {
    return this.#hold(super.startSignIn(...given));
  }

  async #hold<T>(answer: Promise<T>): Promise<T> {
    const value = await answer;
    await new Promise<void>((go) => this.held.push(go));
    return value;
  }

  /** Lets the answers go, the last one first, until none is left. */
  async letGo(): Promise<void> {
    await turn();
    while (this.held.length > 0) {
      this.held.pop()?.();
      await turn();
    }
  }
}

/** Lets everything happen that is ready to happen. */
function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}

let host: SlowToAnswer;
let app: App;

beforeEach(async () => {
  host = new SlowToAnswer();
  app = new App(host, new Clock(() => NOW), { polite: () => {}, assertive: () => {} });
  await app.open();
});

function first(): Account {
  const [account] = app.core.accounts;
  if (account === undefined) throw new Error('the scene has an account');
  return account;
}

test('of two settings that are changed quickly, the answer to the first takes nothing back', async () => {
  const both = [app.set('format', 'json'), app.set('auto-renew', 'off')];
  await host.letGo();
  await Promise.all(both);
  expect(app.core.settings).toMatchObject({ format: 'json', auto_renew: false });
});

test('of two preferences that are changed quickly, neither takes the other back', async () => {
  const both = [app.prefer({ theme: 'dark' }), app.prefer({ language: 'zh-CN' })];
  await host.letGo();
  await Promise.all(both);
  expect(app.preferences).toMatchObject({ theme: 'dark', language: 'zh-CN' });
});

test('a preference that is changed twice ends as it was changed last', async () => {
  const twice = [app.prefer({ theme: 'dark' }), app.prefer({ theme: 'light' })];
  await host.letGo();
  await Promise.all(twice);
  const sent = host.calls.filter(([command]) => command === 'setPreferences').map(([, change]) => change);
  expect(sent, 'they go one after the other, and say no more than what is changed').toEqual([{ theme: 'dark' }, { theme: 'light' }]);
  expect(app.preferences.theme).toBe('light');
});

test('preferences that change while the window opens are newer than those it has asked for', async () => {
  const script = scriptOf({}, () => NOW, new URLSearchParams());
  class ChangesMeanwhile extends ScriptedHost {
    override async preferences(): Promise<Preferences> {
      const asked = await super.preferences();
      await this.setPreferences({ theme: 'dark' } satisfies PreferenceChange);
      return asked;
    }
  }
  const opened = new App(new ChangesMeanwhile(script), new Clock(() => NOW), { polite: () => {}, assertive: () => {} });
  await opened.open();
  expect(opened.preferences.theme).toBe('dark');
});

test('a cookie that was cleared before its copying was answered is not told as copied again', async () => {
  const copied = app.copy(first());
  await turn();
  expect(app.toasts.clip, 'the event says so').not.toBeNull();
  host.emit({ kind: 'clipboard', clip: null });
  await host.letGo();
  await copied;
  expect(app.toasts.clip).toBeNull();
});

test('a cookie that no longer works is not copied without a word', async () => {
  const dead: Account = { ...first(), revision: 5000, health: { state: 'needs_sign_in', since: new Date(NOW).toISOString(), reason: 'rejected' } };
  host.emit({ kind: 'account', account: dead });
  void app.copy(dead);
  await turn();
  expect(app.question).toMatchObject({ kind: 'copy-dead' });
  expect(host.calls.filter(([command]) => command === 'copyCookie')).toEqual([]);
});

test('a keychain that is locked again before its answer has come stays locked', async () => {
  const asked = app.retryKeychain();
  await turn();
  host.emit({ kind: 'keychain', state: 'locked' });
  await host.letGo();
  await asked;
  expect(app.core.keychain, 'the answer is older').toBe('locked');
});

for (const order of ['before', 'after'] as const) {
  test(`a check ends when its end is told ${order} its answer`, async () => {
    const account = first();
    const tell = (busy: Account['busy'], revision: number) => {
      host.emit({ kind: 'account', account: { ...account, busy, revision } } satisfies HostEvent);
    };
    const checked = app.check(account);
    tell('checking', 5000);
    await turn();
    expect(app.busy(first())).toBe('checking');
    if (order === 'before') tell(null, 5001);
    await host.letGo();
    await checked;
    // What the service was still being asked about comes late, as it does.
    tell('checking', 5000);
    if (order === 'after') tell(null, 5001);
    expect(app.busy(first())).toBeNull();
  });
}

test('of two sign-ins that are started quickly, the program hears of the later one later', async () => {
  void app.signIn.start('qqmusic', 'qq-scan');
  void app.signIn.start('netease', 'app-scan');
  await turn();
  const started = () => host.calls.filter(([command]) => command === 'startSignIn').map(([, service]) => service);
  expect(started(), 'the second waits for its turn').toEqual(['qqmusic']);
  await host.letGo();
  expect(started()).toEqual(['qqmusic', 'netease']);
  host.step({ step: 'sending' });
  expect(app.signIn.state, 'and it is the one on screen').toBe('sending');
});
