import { mount } from 'svelte';

import type { Host } from './host/host';
import { announcer } from './state/announcer';
import { App } from './state/app.svelte';
import { Clock } from './state/clock.svelte';
import Window from './views/Window.svelte';

/** Shows the window over a host; gives it once its first view is there. */
export async function show(host: Host, clock: Clock = new Clock()): Promise<App> {
  const target = document.getElementById('root');
  if (target === null) throw new Error('the document has no #root');
  if (navigator.userAgent.includes('Linux')) document.documentElement.dataset.linux = '';
  clock.start();
  const app = new App(host, clock, announcer());
  mount(Window, { target, props: { app } });
  await app.open();
  return app;
}
