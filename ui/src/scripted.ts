/**
 * `scripted.html?scene=…&lang=zh&theme=dark&os=mac&still`: the window over a host that plays a scene; with `&service=…`, the facts
 * of a service as JSON, over one service more.
 */
import './styles/index.css';

import { tick } from 'svelte';

import { NOW, scenes, scriptOf } from './host/scenes';
import { ScriptedHost } from './host/scripted';
import { show } from './show';
import { Clock } from './state/clock.svelte';

const page = new URLSearchParams(location.search);
const name = page.get('scene') ?? 'account-healthy';
const scene = Object.entries(scenes).find(([key]) => key === name)?.[1];
if (scene === undefined) throw new Error(`there is no scene ${name}`);

// With `still` time stands at the scene's moment; else it goes on from there.
const started = Date.now();
const now = () => (page.has('still') ? NOW : NOW + Date.now() - started);

const host = new ScriptedHost(scriptOf(scene, now, page));
Object.assign(window, { host });
void show(host, new Clock(now)).then(async (app) => {
  // Which a person cannot be faster than.
  await import('./views/later');
  if ('add' in scene) app.openSignIn(scene.add, scene.method, scene.wanted);
  else if ('go' in scene) app.go(scene.go);
  else if (name === 'picker') app.openPicker();
  await tick();
  document.documentElement.dataset['shown'] = name;
});
