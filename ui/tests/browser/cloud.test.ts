/** Taking a browser's cookies from its CookieCloud, by keyboard. */
import { expect, test } from 'vitest';

import type { SignInStep } from '../../src/host/bindings/SignInStep';
import { people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, step, lastCall, text } = visits();

const FOUND: SignInStep = {
  step: 'ask_to_go_on',
  detected: { format: 'browser_export', fields: 2, parts: [{ part: 'music_key', found: true }], renewable: false },
};

async function fill(url: string, uuid: string): Promise<void> {
  await tabTo('cc-url');
  await type(url);
  await tabTo('cc-uuid');
  await type(uuid);
}

async function pastePassword(): Promise<void> {
  await tabTo('dq-cookiecloud-password-b');
  await press('Enter');
  expect(await lastCall()).toEqual(['pasteDeliverySecret', 'cookiecloud-password']);
}

test('the password goes from the clipboard to the program, and what is found is checked and saved', async () => {
  await open('cloud-empty');
  expect((await focused()).id, 'the form begins with the server').toBe('cc-url');
  await fill('https://nas.example.net', 'u-1');
  await tabTo('cc-read');
  await press('Enter');
  expect((await focused()).id, 'what is missing is next').toBe('dq-cookiecloud-password');
  await pastePassword();
  await tabTo('cc-read');
  await press('Enter');
  expect(await lastCall()).toEqual(['readCookieCloud', 1, 'https://nas.example.net', 'u-1', false]);
  await step(FOUND);
  expect(await text('.hint')).toBe('The browser goes on renewing it, and TuneKey doesn’t. Fetch it again when it has ended.');
  await tabTo('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'go' }]);
  await step({ step: 'done', account: people.linJian, known: false });
  expect(await text('.stat h2')).toBe('Signed in');
});

test('what went wrong is said in the form, which keeps what was typed; a no is no mistake', async () => {
  await open('cloud-empty');
  await fill('http://192.168.1.2:8088', 'u-1');
  await pastePassword();
  await tabTo('cc-plain');
  await press('Space');
  const fail = async (code: 'cancelled' | 'not_found') => {
    await scene().host((host, code) => {
      host.failing.readCookieCloud = { code, service: null, detail: null, service_message: null, words: { english: 'Nothing is there.', chinese: '没有内容。' } };
    }, code);
    await tabTo('cc-read');
    await press('Enter');
  };
  await fail('cancelled');
  expect(await scene().page.$('.banner p')).toBe(null);
  await fail('not_found');
  expect(await lastCall()).toEqual(['readCookieCloud', 1, 'http://192.168.1.2:8088', 'u-1', true]);
  expect(await text('.banner p')).toBe('Nothing is there.');
  expect(await scene().page.inputValue('#cc-url')).toBe('http://192.168.1.2:8088');
});
