import { describe, expect, test } from 'vitest';

import type { Event } from '../../src/host/bindings/Event';
import { places } from '../../src/host/places';
import { NOW, people, scriptOf } from '../../src/host/scenes';
import { Core } from '../../src/state/core.svelte';

const { linJian, yehang } = people;
const snapshot = (accounts = [linJian]) => scriptOf({ accounts }, () => NOW, new URLSearchParams()).snapshot;

function opened(accounts = [linJian]): Core {
  const core = new Core();
  core.replace(snapshot(accounts));
  return core;
}

describe('an event', () => {
  const renewing = { ...linJian, busy: 'renewing' as const };
  const events: Event[] = [
    { kind: 'account', account: renewing },
    { kind: 'account', account: yehang },
    { kind: 'account_gone', id: linJian.id, revision: 2000 },
    { kind: 'deliveries', deliveries: [places.meting], revision: 2001 },
    { kind: 'keychain', state: 'locked' },
    { kind: 'settings', settings: { ...snapshot().settings, auto_renew: false } },
    { kind: 'notifications', notifications: { ...snapshot().notifications, quiet_hours: '22:00-08:00' } },
  ];

  test.each(events)('$kind: applied twice it does what it did once', (event) => {
    const once = opened();
    const twice = opened();
    once.apply(event);
    twice.apply(event);
    twice.apply(event);
    const seen = (core: Core) => ({
      accounts: core.accounts,
      deliveries: core.deliveriesOf(linJian),
      keychain: core.keychain,
      settings: core.settings,
      notifications: core.notifications,
    });
    expect(seen(twice)).toEqual(seen(once));
    expect(seen(once), 'and it does something').not.toEqual(seen(opened()));
  });

  test('a change keeps the account’s place; a new account comes last', () => {
    const core = opened([linJian, yehang]);
    core.apply({ kind: 'account', account: renewing });
    core.apply({ kind: 'account', account: people.mori });
    expect(core.accounts.map(({ id }) => id)).toEqual([linJian.id, yehang.id, people.mori.id]);
    expect(core.account(linJian.id)?.busy).toBe('renewing');
  });

  test('a gone account that was never known changes nothing', () => {
    const core = opened();
    core.apply({ kind: 'account_gone', id: 'netease:1', revision: 2000 });
    expect(core.accounts).toEqual([linJian]);
  });
});

describe('what comes while the snapshot is on its way', () => {
  test('may be newer than the snapshot and is not lost to it', () => {
    const core = new Core();
    core.apply({ kind: 'account', account: yehang });
    core.apply({ kind: 'keychain', state: 'locked' });
    core.replace(snapshot());
    expect(core.accounts.map(({ id }) => id)).toEqual([linJian.id, yehang.id]);
    expect(core.keychain).toBe('locked');
  });

  test('is newer than both the snapshot before events came and the one after', () => {
    const core = new Core();
    core.apply({ kind: 'keychain', state: 'locked' });
    core.begin(snapshot());
    expect(core.keychain).toBe('locked');
    core.apply({ kind: 'account', account: yehang });
    core.replace(snapshot());
    expect(core.keychain).toBe('locked');
    expect(core.accounts.map(({ id }) => id)).toEqual([linJian.id, yehang.id]);
  });

  test('keeps its order', () => {
    const core = new Core();
    core.apply({ kind: 'account', account: yehang });
    core.apply({ kind: 'account_gone', id: yehang.id, revision: 2000 });
    core.replace(snapshot([linJian, yehang]));
    expect(core.accounts).toEqual([linJian]);
  });

  test('is not repeated after a later snapshot', () => {
    const core = new Core();
    core.apply({ kind: 'keychain', state: 'locked' });
    core.replace(snapshot());
    core.replace(snapshot());
    expect(core.keychain).toBe('ready');
  });
});
