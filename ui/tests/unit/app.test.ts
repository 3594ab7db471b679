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
