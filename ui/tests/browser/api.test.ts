/** The local API: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, lastCall, text } = visits();

test('it is switched on and off, says where it answers, and the sidebar says so as long as it does', async () => {
  await open('settings-security');
  await tabTo('api');
  await press('Space');
  expect(await lastCall()).toEqual(['switchLocalApi', true, 7733]);
  await expect.poll(() => text('#live')).toContain('The local API is on');
  expect(await text('#api-a')).toBe('http://127.0.0.1:7733');
  await tabTo('api-copy');
  await press('Enter');
  expect(await lastCall()).toEqual(['copyApiAddress']);
  await press('Escape');
  await press('Escape');
  expect(await text('#s-api')).toMatch(/Local API on, 7733\s+Not used yet/);
  await tabTo('s-api');
  await press('Enter');
  await tabTo('api');
  await press('Space');
  expect(await lastCall()).toEqual(['switchLocalApi', false, 7733]);
  expect(await scene().page.$('#api-a')).toBeNull();
  await press('Escape');
  expect(await scene().page.$('#s-api')).toBeNull();
});

test('a port that something else has is said, and the switch stays off', async () => {
  await open('settings-security');
  await scene().host((host) => {
    const words = { english: 'The port is taken. Choose another.', chinese: '端口已被占用，请换一个。' };
    host.failing.switchLocalApi = { code: 'invalid_input', service: null, detail: null, service_message: null, words };
  }, null);
  await tabTo('api');
  await press('Space');
  expect(await text('#api-e')).toBe('The port is taken. Choose another.');
  expect(await scene().page.isChecked('#api')).toBe(false);
  expect((await focused()).id).toBe('api');
  await scene().host((host) => {
    host.failing = {};
  }, null);
  await scene().page.fill('#api-port', '80');
  await press('Tab');
  expect(await text('#api-port-e')).toContain('from 1024 to 65535');
  expect((await lastCall())?.[2]).toBe(7733);
  await scene().page.fill('#api-port', '8100');
  await press('Tab');
  expect(await lastCall()).toEqual(['switchLocalApi', false, 8100]);
  expect(await scene().page.$('#api-port-e')).toBeNull();
  expect(await scene().page.$('#api-e')).toBeNull();
});

test('a token is made, copied without being shown, and revoked', async () => {
  await open('settings-security');
  await tabTo('api-add');
  await press('Enter');
  expect((await focused()).id, 'the first question has the focus').toBe('api-f-name');
  await press('Enter');
  expect(await text('#api-f-e')).toBe('Name the program that will use it.');
  expect(await scene().page.getAttribute('#api-f-name', 'aria-invalid'), 'it is the one that is marked').toBe('true');
  await type('nas');
  await tabTo('api-f-status');
  await press('Space');
  await tabTo('api-f-make');
  await press('Enter');
  expect(await text('#api-f-e')).toBe('Choose at least one thing that it allows.');
  expect((await focused()).id).toBe('api-f-status');
  await press('Space');
  await tabTo('api-f-cookie');
  await press('Space');
  await tabTo('api-f-make');
  await press('Enter');
  await expect.poll(async () => (await scene().calls()).slice(-2)).toEqual([['addApiToken', 'nas', ['status', 'cookie']], ['copyApiToken']]);
  expect((await focused()).id).toBe('api-new-copy');
  expect(await text('.toast')).toContain('nas: token copied');
  await expect.poll(() => text('#live')).toContain('nas: token copied. The clipboard clears in 30 seconds.');
  await press('Enter');
  expect(await lastCall()).toEqual(['copyApiToken']);
  await tabTo('api-new-done');
  await press('Enter');
  expect(await lastCall()).toEqual(['dropApiToken']);
  expect((await focused()).id).toBe('api-add');
  expect(await text('#api-u-0')).toMatch(/^Made 14:53 · never used$/);
  await tabTo('api-x-0');
  await press('Enter');
  expect(await lastCall()).toEqual(['revokeApiToken', 'nas']);
  expect(await scene().page.$('#api-t-0')).toBeNull();
  expect((await focused()).id).toBe('api-add');
});

test('a no outside of the window leaves what was typed, and whoever leaves the page drops the token', async () => {
  await open('settings-security');
  await tabTo('api-add');
  await press('Enter');
  await type('nas');
  await scene().host((host) => {
    host.failing.addApiToken = { code: 'cancelled', service: null, detail: null, service_message: null };
  }, null);
  await press('Enter');
  expect(await scene().page.$('#api-f-e')).toBeNull();
  expect(await scene().page.inputValue('#api-f-name')).toBe('nas');
  await scene().host((host) => {
    host.failing = {};
  }, null);
  await press('Enter');
  await expect.poll(async () => (await focused()).id).toBe('api-new-copy');
  await press('Escape');
  await press('Escape');
  expect(await lastCall()).toEqual(['dropApiToken']);
});

test('who asked for what is told in words, by the names of the accounts', async () => {
  await open('settings-security-api');
  const rows = () => scene().page.$$eval('#api-log li', (rows) => rows.map((row) => row.textContent.replace(/\s+/g, ' ').trim()));
  expect(await rows()).toEqual([
    'nas 14:50 · read the cookie of 林间有风',
    'nas 14:49 · asked for status (12 times)',
    'home-assistant-in-the-living-room 09:30 · read the cookie of 林间有风; refused',
    'bot Nov 20, 22:11 · asked for a renewal or check of netease:90001; it didn’t work',
    'bot Nov 20, 21:03 · asked for a sign-in',
  ]);
  await tabTo('api-log-all');
  await press('Enter');
  expect(await scene().page.getAttribute('#api-log-all', 'aria-expanded')).toBe('true');
  expect((await rows()).at(-1)).toBe('nas Nov 19, 08:00 · looked at what there is to ask');
  expect((await text('#api-u-0'))?.replace(/\s/g, ' ')).toBe('Made Nov 2, 10:00 · last used 14:50: read the cookie of 林间有风');
});

test('who is answered elsewhere is told without saying that it is on', async () => {
  await open('settings-security-elsewhere');
  expect(await scene().page.isChecked('#api')).toBe(false);
  expect(await text('#api-else')).toContain('answered nas at 14:50');
  expect(await scene().page.$('#api-a')).toBeNull();
  await press('Escape');
  expect(await text('#s-api')).toMatch(/Local API elsewhere\s+nas, 14:50/);
});

test('somebody who asks is seen at once', async () => {
  await open('account-api-unused');
  expect(await text('#s-api')).toContain('Not used yet');
  await scene().host((host) => {
    host.api.change({ last_use: { at: '2025-11-21T06:53:00Z', name: 'nas', scope: 'status', account: null, what: 'GET /v1/accounts', status: 200, times: 1 } });
  }, null);
  await expect.poll(() => text('#s-api')).toContain('nas, 14:53');
});
