/** Signing in with a code by text message: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import { NOW, people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, step, lastCall, text } = visits();

const CODE_ASKED = {
  step: 'ask_text_code',
  sent_to: '138••••5678',
  resend_at: new Date(NOW + 60_000).toISOString(),
  problem: null,
} as const;

/** Everything that the page holds, in its text, its attributes and its fields. */
function everything(): Promise<string> {
  return scene().page.evaluate(
    () => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(({ value }) => value).join(' '),
  );
}

test('goes from the method to the account by keyboard alone, and keeps neither number nor code', async () => {
  await open('qq-waiting');
  await tabTo('s-m-qq-scan');
  await press('ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'phone', null]);
  expect(await focused(), 'the first control of the method has the focus').toEqual({ id: 'p-num', visible: true });
  await type('138 0013 5678');
  await press('Enter');
  expect(await lastCall(), 'nothing is sent before it is asked for').toEqual(['startSignIn', 'qqmusic', 'phone', null]);

  await step({ step: 'ask_phone_number', problem: null, wait_until: null });
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1 + 1, { kind: 'phone_number', country: '86', number: '13800135678' }]);
  expect(await text('#q-primary')).toBe('Sending…');
  await press('Enter');
  expect((await scene().calls()).filter(([command]) => command === 'answerSignIn'), 'a second Enter sends no second message').toHaveLength(1);

  await step(CODE_ASKED);
  expect(await focused()).toEqual({ id: 'p-code', visible: true });
  expect(await text('form')).toContain('Sent to 138••••5678');
  const held = await everything();
  expect(held, 'only the masked number is left').not.toMatch(/138 ?0013 ?5678/);
  expect(held).not.toContain('0013');
  await type('48021');
  expect((await lastCall())[2], 'five digits are not enough').toMatchObject({ kind: 'phone_number' });
  await type('3');
  expect(await lastCall(), 'the sixth digit submits').toEqual(['answerSignIn', 2, { kind: 'text_code', code: '480213' }]);
  expect(await text('#q-primary')).toBe('Signing in…');
  expect(await everything(), 'the code is gone').not.toContain('480213');

  await step({ step: 'saving' });
  await step({ step: 'done', account: people.linJian, known: true });
  expect(await text('.stat h2'), 'it ends as a scan does').toBe('Signed in');
  await tabTo('q-open');
  await press('Enter');
  expect(await text('h1')).toBe(people.linJian.nickname);
});

test('a number that cannot be one is said at its field and not sent', async () => {
  await open('phone-number');
  await tabTo('p-num');
  await type('1380013');
  await press('Enter');
  expect(await text('#p-h')).toBe('Enter an 11-digit mainland number.');
  expect(await scene().page.getAttribute('#p-num', 'aria-invalid')).toBe('true');
  await expect.poll(() => text('#alert')).toBe('Enter an 11-digit mainland number.');
  expect((await lastCall())[0]).toBe('startSignIn');
  await type('5678');
  expect(await scene().page.getAttribute('#p-num', 'aria-invalid'), 'typing takes the mark away').toBe('false');
});

test('a number abroad goes with its own country', async () => {
  await open('phone-number');
  await tabTo('p-cc');
  await press('Control+a');
  await type('+852');
  await press('Tab');
  await type('5123 4567');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'phone_number', country: '852', number: '51234567' }]);
});

for (const keys of [['Enter'], ['Tab', 'Enter']]) {
  test(`after ${keys.join(' ')} a check is done in the browser, and the form keeps its values`, async () => {
    await open('phone-number');
    await tabTo('p-num');
    await type('13800135678');
    await press(...keys);
    await step({ step: 'sending' });
    await step({ step: 'ask_captcha' });
    expect((await focused()).id, 'opening the check is a key away').toBe('q-primary');
    await expect.poll(() => text('#alert')).toMatch(/^QQ Music asks for a quick check\./);
    await press('Enter');
    expect(await lastCall()).toEqual(['openCaptcha', 1]);
    expect(await scene().page.inputValue('#p-num')).toBe('13800135678');
    await tabTo('p-done');
    await press('Enter');
    expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'captcha_done' }]);
    expect(await text('#q-primary')).toBe('Sending…');
  });
}

test('a check can come after the code, too, and needs no number again', async () => {
  await open('phone-code');
  await step({ step: 'exchanging' });
  await step({ step: 'ask_captcha' });
  expect((await focused()).id, 'opening the check is a key away').toBe('q-primary');
  await press('Enter');
  expect(await lastCall()).toEqual(['openCaptcha', 1]);
  expect(await text('.sent')).toContain('••••');
  await tabTo('p-done');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'captcha_done' }]);
});

test('too fast: sending has to wait, with the time, and Enter does not get around it', async () => {
  await open('phone-too-fast');
  expect(await text('#q-primary')).toContain('Try again in 0:58');
  await expect.poll(() => text('#alert')).toMatch(/^QQ Music asks to slow down\. Your account is fine/);
  await tabTo('p-num');
  await type('13800135678');
  await press('Enter');
  expect((await lastCall())[0]).toBe('startSignIn');
});

test('a wrong code is said at the code, and the next one can be typed at once', async () => {
  await open('phone-code');
  await tabTo('p-code');
  await type('111111');
  await step({ ...CODE_ASKED, problem: { code: 'wrong_code', service: 'qqmusic', detail: null, service_message: null } });
  expect((await focused()).id).toBe('p-code');
  expect(await scene().page.getAttribute('#p-code', 'aria-invalid')).toBe('true');
  await expect.poll(() => text('#alert')).toBe('That code didn’t match. Check the latest text message.');
  await type('22x2222');
  expect(await lastCall(), 'what is no digit is dropped').toEqual(['answerSignIn', 1, { kind: 'text_code', code: '222222' }]);
});

test('a shorter code is submitted by Enter', async () => {
  await open('phone-code');
  await tabTo('p-code');
  await type('123');
  await press('Enter');
  expect((await lastCall())[0]).toBe('startSignIn');
  await type('4');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'text_code', code: '1234' }]);
});

test('another code can be asked for when its time has come, and the focus is not lost', async () => {
  await open('phone-code');
  expect(await text('form')).toContain('Resend in 0:48');
  expect(await scene().page.$('#p-re')).toBeNull();
  await step({ ...CODE_ASKED, resend_at: new Date(NOW).toISOString() });
  await tabTo('p-re');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'resend' }]);
  expect((await focused()).id).toBe('p-code');
});

test('the number can be changed', async () => {
  await open('phone-code');
  await tabTo('p-chg');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'change_number' }]);
  expect((await focused()).id).toBe('p-num');
  expect(await scene().page.inputValue('#p-num')).toBe('');
});

test('the same wrong code again is announced again', async () => {
  await open('phone-code');
  const wrong = { ...CODE_ASKED, problem: { code: 'wrong_code', service: 'qqmusic', detail: null, service_message: null } } as const;
  await step(wrong);
  await expect.poll(() => text('#alert')).toContain('didn’t match');
  await step({ step: 'exchanging' });
  await expect.poll(() => text('#live')).toBe('Signing in…');
  await scene().page.evaluate(() => (document.getElementById('alert') ?? document.body).replaceChildren());
  await step(wrong);
  await expect.poll(() => text('#alert')).toContain('didn’t match');
});

test('the boxes of the code stay where they are while it is checked', async () => {
  await open('phone-code');
  const boxes = () => scene().page.$eval('.code', (code) => code.getBoundingClientRect().top);
  const before = await boxes();
  await step({ step: 'exchanging' });
  expect(await text('#q-primary')).toBe('Signing in…');
  expect(await boxes()).toBe(before);
});
