/** Pasting a cookie: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import type { SignInStep } from '../../src/host/bindings/SignInStep';
import { people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, step, lastCall, text } = visits();

const SECRET = 'uin=10001; qm_keyst=Q_H_L_0123456789';

const FOUND: SignInStep = {
  step: 'ask_to_go_on',
  detected: {
    format: 'cookie_header',
    fields: 2,
    parts: [
      { part: 'account_id', found: true },
      { part: 'music_key', found: true },
      { part: 'refresh_token', found: false },
    ],
    renewable: false,
  },
};

/** Puts a text on the clipboard as another program would. */
async function onClipboard(text: string): Promise<void> {
  await scene().page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await scene().page.evaluate((text) => navigator.clipboard.writeText(text), text);
}

test('Ctrl V in the box asks for the clipboard, and the text never enters the page', async () => {
  await open('paste-empty');
  await onClipboard(SECRET);
  await tabTo('pa-in');
  await press('Control+v');
  expect(await lastCall()).toEqual(['pasteFromClipboard', 1]);
  expect(await scene().page.inputValue('#pa-in')).toBe('');
  await step(FOUND);
  expect((await focused()).id, 'the box keeps the focus').toBe('pa-in');
  expect(await scene().page.inputValue('#pa-in'), 'as long as every other').toBe('•'.repeat(168));
  const rows = await scene().page.$$eval('.chk .gr', (rows) => rows.map(({ textContent }) => textContent.trim().replace(/\s+/g, ' ')));
  expect(rows).toEqual(['Cookie header, 2 fields', 'Account ID found', 'Music key found', 'Refresh token missing']);
  await expect.poll(() => text('#live')).toMatch(/^Cookie header, 2 fields\. Without a refresh token/);
  expect(await scene().page.content()).not.toContain('Q_H_L_');
  await press('Enter');
  expect(await lastCall(), 'Enter in the box goes on').toEqual(['answerSignIn', 1, { kind: 'go' }]);
  expect(await text('#q-primary')).toContain('Checking with QQ Music…');
  await step({ step: 'done', account: people.linJian, known: true });
  expect(await text('.stat h2'), 'it ends as a scan does').toBe('Signed in');
  await tabTo('q-open');
  await press('Enter');
  expect(await text('h1')).toBe(people.linJian.nickname);
});

test('nothing can be typed into the box', async () => {
  await open('paste-empty');
  await tabTo('pa-in');
  await type('uin=1');
  expect(await scene().page.inputValue('#pa-in')).toBe('');
  expect((await lastCall())[0]).toBe('startSignIn');
});

test('the button pastes, Check and save goes on, Clear drops it', async () => {
  await open('paste-empty');
  await tabTo('pa-clip');
  await press('Space');
  expect(await lastCall()).toEqual(['pasteFromClipboard', 1]);
  await step(FOUND);
  await tabTo('pa-clear');
  await press('Enter');
  expect(await lastCall()).toEqual(['newCode', 1]);
  expect((await focused()).id, 'the button is gone, the box has the focus').toBe('pa-in');
  expect(await scene().page.inputValue('#pa-in')).toBe('');
  await step(FOUND);
  await tabTo('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'go' }]);
});

test('what is no cookie is said at once, each time', async () => {
  await open('paste-bad');
  await expect.poll(() => text('#alert')).toBe('This isn’t a NetEase Cloud Music cookie');
  expect(await text('.banner p')).toBe('We need at least MUSIC_U. Copy the whole Cookie request header from music.163.com.');
  await scene().page.evaluate(() => (document.getElementById('alert') ?? document.body).replaceChildren());
  await step({ step: 'ask_paste', problem: { code: 'invalid_input', service: 'netease', detail: null, service_message: null }, unusable: null });
  await expect.poll(() => text('#alert')).toBe('This isn’t a NetEase Cloud Music cookie');
});

test('a clipboard that holds no text is said where a wrong one is', async () => {
  await open('paste-empty');
  await scene().host((host) => {
    host.failing.pasteFromClipboard = { code: 'invalid_input', service: null, detail: 'no text', service_message: null };
  }, null);
  await tabTo('pa-clip');
  await press('Enter');
  expect(await text('.banner h2')).toBe('This isn’t a QQ Music cookie');
  expect((await focused()).id).toBe('pa-clip');
});

test('a cookie of the other service is a question, not a failure', async () => {
  await open('paste-other-service');
  expect(await scene().page.$('.banner.warn')).not.toBeNull();
  await scene().close();
  await open('paste-bad');
  expect(await scene().page.$('.banner.warn'), 'what cannot be used is one').toBeNull();
});

test('a cookie that has expired leads to a scan', async () => {
  await open('paste-empty');
  await tabTo('pa-in');
  await step(FOUND);
  await press('Enter');
  await step({
    step: 'failed',
    problem: { code: 'rejected', service: 'qqmusic', detail: null, service_message: null },
    alternatives: { next: [{ service: 'qqmusic', method: 'qq-scan' }], blocked: [] },
  });
  await expect.poll(() => text('#alert')).toMatch(/^QQ Music says this cookie has expired\./);
  expect((await focused()).id).toBe('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'qq-scan', null]);
});

test('a file is chosen in the system’s dialog, and what was pasted before stays until then', async () => {
  await open('paste-found');
  await tabTo('pa-file');
  await press('Enter');
  expect(await lastCall()).toEqual(['pasteFromFile', 1]);
  expect(await text('#q-primary'), 'nothing was chosen yet').toContain('Check and save');
});

test('a cookie of the other service is said to be that, and taken there without pasting it again', async () => {
  await open('paste-other-service');
  await expect.poll(() => text('#alert')).toBe('This is a QQ Music cookie');
  await tabTo('pa-other');
  await press('Enter');
  expect(await lastCall()).toEqual(['pasteElsewhere', 1]);
  await step(FOUND);
  await tabTo('q-primary');
  await press('Enter');
  expect(await lastCall(), 'the sign-in that has begun there').toEqual(['answerSignIn', 2, { kind: 'go' }]);
});

test('of several accounts in a text one is chosen', async () => {
  await open('paste-several');
  await expect.poll(() => text('#live')).toBe('There are 3 accounts in it. Which one?');
  await tabTo('pa-which-1');
  expect(await text('#pa-which-1')).toBe('10002');
  expect(await text('#pa-which-2')).toBe('Number 3 in the text');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'account', place: 1 }]);
});

test('what is there of an incomplete cookie is said, and what is missing', async () => {
  await open('paste-partial');
  expect(await text('.banner h2')).toBe('Only part of a NetEase Cloud Music cookie is there');
  const rows = await scene().page.$$eval('.chk .gr', (rows) => rows.map(({ textContent }) => textContent.trim().replace(/\s+/g, ' ')));
  expect(rows).toEqual(['Session missing', 'CSRF token found', 'Refresh token found']);
});

test('a value that was shortened is said to be that', async () => {
  await open('paste-shortened');
  expect(await text('.banner p')).toBe('A value in it was shortened (“…”). Copy the whole value.');
});
