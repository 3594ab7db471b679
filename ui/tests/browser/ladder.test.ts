/** From a way in that is barred to the next, and the question about another account: real key presses, no clicks, no focus by script. */
import { expect, test } from 'vitest';

import { people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, focused, tabTo, step, lastCall, text } = visits();

const BARRED = [
  ['qq-risk', 'wechat-scan', 'WeChat scan', 'H1'],
  ['wx-risk', 'app-scan', 'App scan', 'H1'],
  ['app-risk', 'phone', 'Phone code', 'p-num'],
  ['page-risk', 'qq-scan', 'QQ scan', 'H1'],
  ['paste-risk', 'qq-scan', 'QQ scan', 'H1'],
  ['ne-risk', 'phone', 'Phone code', 'p-num'],
  ['phone-risk', 'official-page', 'Official page', 'H1'],
  ['qq-version', 'wechat-scan', 'WeChat scan', 'H1'],
  ['qq-devices', 'wechat-scan', 'WeChat scan', 'H1'],
  ['qq-wrong-way', 'wechat-scan', 'WeChat scan', 'H1'],
  ['qq-daily-limit', 'paste', 'Paste a cookie', 'pa-in'],
  ['ne-limited', 'phone', 'Phone code', 'p-num'],
  ['phone-devices', 'qq-scan', 'QQ scan', 'H1'],
  ['paste-expired', 'qq-scan', 'QQ scan', 'H1'],
] as const;

for (const [name, method, label, lands] of BARRED) {
  test(`${name}: one key starts the next way, and the focus lands in it`, async () => {
    await open(name);
    expect(await focused(), 'the next way has the focus').toEqual({ id: 'q-primary', visible: true });
    expect(await text('#q-primary')).toBe(method === 'paste' ? label : `Use ${label}`);
    const service = (await scene().calls())[0]?.[1];
    await press('Enter');
    expect(await lastCall()).toEqual(['startSignIn', service, method, null]);
    expect((await focused()).id).toBe(lands);
  });
}

for (const name of ['qq-risk', 'wx-risk', 'app-risk', 'page-risk', 'paste-risk', 'ne-risk', 'phone-risk'] as const) {
  test(`${name}: says that the account is fine, and trying again has to wait`, async () => {
    await open(name);
    await expect.poll(() => text('#alert')).toMatch(/paused this sign-in\. .*Your account is fine/);
    expect(await text('#q-retry')).toBe('Try again in 10:00');
    await press('r');
    expect((await lastCall())[0], 'R does not get around it').toBe('startSignIn');
  });
}

test('the other ways are reached by Tab, and those that were barred lately say so', async () => {
  await open('app-risk');
  const ways = await scene().page.$$eval('.ways li', (ways) => ways.map(({ textContent }) => textContent.trim().replace(/\s+/g, ' ')));
  expect(ways).toEqual(['Official page', 'Paste a cookie', 'CookieCloud', 'QQ scan Refused lately', 'WeChat scan Refused lately']);
  expect(await text('#s-m-qq-scan')).toContain('Refused lately');
  expect(await text('#s-m-phone')).not.toContain('Refused lately');
  await tabTo('q-paste');
  await press('Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'paste', null]);
  expect((await focused()).id).toBe('pa-in');
  expect(await text('#s-m-qq-scan'), 'the list remembers').toContain('Refused lately');
});

test('a control that somebody is busy with keeps the focus', async () => {
  await open('qq-waiting');
  await tabTo('s-cancel');
  await step({
    step: 'risk_control',
    problem: { code: 'risk_control', service: 'qqmusic', detail: null, service_message: null },
    alternatives: { next: [{ service: 'qqmusic', method: 'phone' }], blocked: ['qq-scan'] },
  });
  expect((await focused()).id).toBe('s-cancel');
});

test('the service switch, which has done its part, gives the focus to the next way', async () => {
  await open('qq-waiting');
  await tabTo('s-netease');
  await press('Enter');
  await step({
    step: 'risk_control',
    problem: { code: 'risk_control', service: 'netease', detail: null, service_message: null },
    alternatives: { next: [{ service: 'netease', method: 'phone' }], blocked: ['app-scan'] },
  });
  expect((await focused()).id).toBe('q-primary');
});

test('trying again comes second, where there is no need to wait', async () => {
  await open('qq-devices');
  await tabTo('q-retry');
  await press('Enter');
  expect(await lastCall()).toEqual(['newCode', 1]);
});

test('once there were enough sign-ins for a day, trying again is not offered', async () => {
  await open('qq-daily-limit');
  expect(await scene().page.$$eval('.acts button', (buttons) => buttons.map(({ id }) => id))).toEqual(['q-primary']);
});

test('a question about another account has its answer a key away', async () => {
  await open('qq-other-account');
  expect(await focused()).toEqual({ id: 'q-primary', visible: true });
});

test('a check that comes after a scan is a key away, and what was confirmed goes on after it', async () => {
  await open('qq-captcha');
  expect(await focused()).toEqual({ id: 'q-primary', visible: true });
  await press('Enter');
  expect(await lastCall()).toEqual(['openCaptcha', 1]);
  await tabTo('p-done');
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'captcha_done' }]);
  expect(await scene().page.$eval('.add', (view) => (view as HTMLElement).dataset['state'])).toBe('confirming');
});

test('the next way is for the same account', async () => {
  await open('account-dead');
  await tabTo('a-sign');
  await press('Enter');
  await step({
    step: 'risk_control',
    problem: { code: 'risk_control', service: 'netease', detail: null, service_message: null },
    alternatives: { next: [{ service: 'netease', method: 'phone' }], blocked: ['app-scan'] },
  });
  await press('Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'netease', 'phone', people.mori.id]);
});

test('the list of methods keeps to the account, and another service is not offered', async () => {
  await open('phone-other-account');
  await tabTo('s-m-phone');
  await press('ArrowDown', 'ArrowDown', 'Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'netease', 'paste', people.mori.id]);
  expect(await scene().page.$('#s-qqmusic')).toBeNull();
  expect(await text('.side .lab')).toBe('Sign in again');
});

test('another account is kept only when one says so', async () => {
  await open('qq-other-account');
  await expect.poll(() => text('#alert')).toMatch(/^You signed in as .*\. You wanted to sign in to .* again\./);
  expect(await text('.msg')).toContain(`${people.xiaoman.nickname} is untouched`);
  await tabTo('q-primary');
  expect(await text('#q-primary')).toBe(`Keep ${people.linJian.nickname}, too`);
  await press('Enter');
  expect(await lastCall()).toEqual(['answerSignIn', 1, { kind: 'keep' }]);
});

test('another account that is not wanted is dropped', async () => {
  await open('qq-other-account-known');
  expect(await text('.msg')).toContain('is here already');
  await tabTo('q-retry');
  expect(await text('#q-retry')).toBe(`Sign in to ${people.xiaoman.nickname} instead`);
  await press('Enter');
  expect(await lastCall()).toEqual(['newCode', 1]);
});
