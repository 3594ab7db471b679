/** Signing in on the service's own page: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import { people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, press, focused, tabTo, step, lastCall, text } = visits();

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
