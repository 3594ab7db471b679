/** Signing in on the service's own page: real key presses, no clicks, no focus by script. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { people, type SceneName } from '../../src/host/scenes';

import { hands } from './hands';
import { Stage, type Look, type Scene } from './stage';

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());
afterEach(() => scene.close());

async function open(name: SceneName, look: Look = {}): Promise<void> {
  scene = await stage.scene(name, look);
}

const { press, focused, tabTo, step, lastCall, text } = hands(() => scene);

test('the page is brought to the front, and what it brings is saved by itself', async () => {
  await open('page-open');
  await expect.poll(() => text('#live')).toMatch(/^The page is open\. .*never sees what you type/);
  await tabTo('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['showPage', 1]);
  await step({ step: 'exchanging' });
  expect((await focused()).id, 'the button is gone, the heading has the focus').toBe('H1');
  await step({ step: 'done', account: people.linJian, known: false });
  await tabTo('q-open');
  await press('Enter');
  expect(await text('h1')).toBe(people.linJian.nickname);
});

test('a page that was closed is opened again', async () => {
  await open('page-open');
  await tabTo('q-primary');
  await step({ step: 'page_closed' });
  await expect.poll(() => text('#alert')).toBe('The page was closed. Nothing was saved');
  expect((await focused()).id).toBe('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['newCode', 1]);
});

test('Cancel leaves and ends the sign-in', async () => {
  await open('page-open');
  await tabTo('q-cancel');
  await press('Enter');
  expect(await lastCall()).toEqual(['cancelSignIn', 1]);
  expect(await text('h1')).toBe(people.linJian.nickname);
});
