/** How the person is told: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, lastCall, text } = visits();

test('a channel is added, and what opens it is not shown while it is typed', async () => {
  await open('settings-notifications-none');
  await tabTo('nt-add');
  await press('Enter');
  expect((await focused()).id, 'the first question has the focus').toBe('nt-f-kind');
  await scene().page.selectOption('#nt-f-kind', 'gotify');
  await tabTo('nt-f-server');
  await type('https://push.example');
  await tabTo('nt-f-token');
  expect(await scene().page.getAttribute('#nt-f-token', 'type')).toBe('password');
  await press('Enter');
  expect(await text('#nt-f-e'), 'it says which is missing').toContain('Application token is missing.');
  expect((await focused()).id).toBe('nt-f-token');
  expect(await scene().page.getAttribute('#nt-f-token', 'aria-invalid'), 'it is the one that is marked').toBe('true');
  await type('A1');
  await tabTo('nt-f-label');
  await type('phone');
  await press('Enter');
  expect(await lastCall()).toEqual(['addChannel', 'gotify', 'phone', { server: 'https://push.example', token: 'A1' }, false]);
  expect((await focused()).id).toBe('nt-add');
  await expect.poll(() => text('#live')).toContain('phone added.');
  expect(await text('#nt-l-added0')).toBe('phone');
});

test('a no outside of the window leaves what was typed, and a problem is said where it belongs', async () => {
  await open('settings-notifications-none');
  await tabTo('nt-add');
  await press('Enter');
  await tabTo('nt-f-topic');
  await type('t');
  for (const [code, said] of [
    ['cancelled', null],
    ['keychain_denied', 'The keychain'],
  ] as const) {
    await scene().host((host, code) => {
      host.failing.addChannel = { code, service: null, detail: null, service_message: null };
    }, code);
    await press('Enter');
    if (said === null) expect(await scene().page.$('#nt-f-e')).toBeNull();
    else expect(await scene().page.isVisible('#nt-f-e')).toBe(true);
    expect(await scene().page.inputValue('#nt-f-topic')).toBe('t');
  }
  await tabTo('nt-f-cancel');
  await press('Enter');
  expect((await focused()).id).toBe('nt-add');
});

test('a channel is tried out, switched off and removed', async () => {
  await open('settings-notifications');
  await tabTo('nt-t-bark00000');
  await press('Enter');
  expect(await lastCall()).toEqual(['testChannel', 'bark00000']);
  await expect.poll(() => text('#live')).toContain('iPhone has taken the test message');
  expect(await text('#nt-d-bark00000')).toMatch(/^Last message today/);
  await tabTo('nt-s-bark00000');
  await press('Space');
  expect(await lastCall()).toEqual(['switchChannel', 'bark00000', false]);
  expect(await text('#nt-d-bark00000')).toBe('Off');
  await tabTo('nt-x-bark00000');
  await press('Enter');
  expect(await lastCall()).toEqual(['removeChannel', 'bark00000']);
  expect(await scene().page.$('#nt-l-bark00000')).toBeNull();
  expect((await focused()).id).toBe('nt-add');
});

test('a test that did not work says why, at the channel and aloud', async () => {
  await open('settings-notifications');
  await scene().host((host) => {
    const words = { english: 'The channel can’t be reached.', chinese: '连接不上渠道。' };
    host.unsent = { code: 'offline', service: null, detail: null, service_message: null, words };
  }, null);
  await tabTo('nt-t-bark00000');
  await press('Enter');
  await expect.poll(() => text('#alert')).toBe('The channel can’t be reached.');
  expect(await text('#nt-d-bark00000')).toMatch(/^Failed today.*: The channel can’t be reached\.$/);
});

test('quiet hours are switched, and two times that are the same are none', async () => {
  await open('settings-notifications');
  await tabTo('nt-q');
  await press('Space');
  expect(await lastCall()).toEqual(['setQuietHours', null]);
  await press('Space');
  expect(await lastCall()).toEqual(['setQuietHours', '22:00-08:00']);
  await scene().page.fill('#nt-q-to', '22:00');
  await press('Tab');
  expect(await text('#nt-q-e')).toContain('Give two different times');
  expect(await lastCall()).toEqual(['setQuietHours', '22:00-08:00']);
  await scene().page.fill('#nt-q-to', '7:30');
  await press('Tab');
  expect(await lastCall()).toEqual(['setQuietHours', '22:00-7:30']);
});

test('hours are chosen one by one', async () => {
  await open('settings-notifications');
  await scene().page.selectOption('#nt-r', '24');
  expect(await lastCall()).toEqual(['setAlertHours', 24, null]);
  await scene().page.selectOption('#nt-k', '12');
  expect(await lastCall()).toEqual(['setAlertHours', null, 12]);
});

test('an address is set, called and removed, and is never shown again', async () => {
  await open('settings-notifications-none');
  await tabTo('nt-p');
  await type('hc-ping.com/x');
  await press('Enter');
  await expect.poll(() => text('#nt-p-e')).not.toBe('');
  await scene().page.fill('#nt-p', 'https://hc-ping.com/secret');
  await press('Enter');
  expect(await lastCall()).toEqual(['setPing', 'https://hc-ping.com/secret', 60, false]);
  expect((await focused()).id).toBe('nt-p-test');
  expect(await scene().page.content()).not.toContain('secret');
  await press('Enter');
  expect(await lastCall()).toEqual(['testPing']);
  await scene().page.selectOption('#nt-p-n', '180');
  expect(await lastCall()).toEqual(['setPingMinutes', 180]);
  await tabTo('nt-p-x');
  await press('Enter');
  expect(await lastCall()).toEqual(['removePing']);
  expect((await focused()).id).toBe('nt-p');
});
