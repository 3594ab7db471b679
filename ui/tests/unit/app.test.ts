import { expect, test } from 'vitest';

import { NOW, scriptOf } from '../../src/host/scenes';
import { ScriptedHost } from '../../src/host/scripted';
import { App } from '../../src/state/app.svelte';
import { Clock } from '../../src/state/clock.svelte';

test('a view that was asked for before the window was ready is opened as soon as it is', async () => {
  const host = new ScriptedHost(scriptOf({}, () => NOW, new URLSearchParams()));
  const app = new App(host, new Clock(() => NOW), { polite: () => {}, assertive: () => {} });
  const opened = app.open();
  host.emit({ kind: 'open', view: 'add', account: null, service: 'netease' });
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
  host.emit({ kind: 'open', view: 'add', account: null, service: 'netease' });
  expect(app.clock.secondsUntil(in60seconds)).toBe(60);
  expect(app.clock.secondsUntil(now - 1), 'what is past').toBe(0);
  expect(app.clock.secondsUntil(null), 'what never comes').toBe(0);
});
