/** What a sign-in says while it goes on: whom it is for, what is not heard, what is left, and how it ends. */
import { expect, test } from 'vitest';

import { people, pictures } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, focused, tabTo, step, lastCall, text } = visits();
const stageState = () => scene().page.getAttribute('[data-state]', 'data-state');

for (const name of ['qq-again', 'phone-again'] as const) {
  test(`${name}: signing in again names whom, with the face`, async () => {
    await open(name);
    expect(await text('.whom')).toContain(people.linJian.nickname);
    expect(await scene().page.getAttribute('.whom img', 'src')).toBe(pictures.mountains);
    expect(await text('.side .lab')).toBe('Sign in again');
  });
}

test('a network that is gone is said beside the code, which stays; once it is back, nothing is said', async () => {
  await open('qq-unheard');
  expect(await text('#q-unheard')).toBe('QQ Music can’t be reached at the moment. Your code still counts; TuneKey keeps trying.');
  expect(await scene().page.isVisible('.stage .qr:not(.blur)')).toBe(true);
  expect(await text('#q-left')).toMatch(/^Valid for/);
  await expect.poll(() => text('#live')).toMatch(/^QQ Music can’t be reached at the moment/);
  const code = { step: 'show_code', code: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=', valid_until: '2025-11-21T06:55:00Z', life_seconds: 120, problem: null, left_today: null } as const;
  await step(code);
  expect(await scene().page.$('#q-unheard')).toBeNull();
  await expect.poll(() => text('#live')).toMatch(/^QQ Music can’t/);
});

test('a network that is gone after the scan is said, and the scan stays', async () => {
  await open('qq-scanned-unheard');
  expect(await stageState()).toBe('scanned');
  expect(await text('#q-unheard')).toContain('Your code still counts');
});

for (const name of ['qq-success', 'paste-success'] as const) {
  test(`${name}: a name and a picture that are learnt after an account is saved are shown`, async () => {
    await open(name);
    await scene().host((host, { linJian, picture }) => {
      host.emit({ kind: 'account', account: { ...linJian, nickname: '听雨', picture, revision: linJian.revision + 1000 } });
    }, { linJian: people.linJian, picture: people.yehang.picture });
    await scene().settled();
    expect(await text('.stat p')).toMatch(/^\s*听雨 is saved/);
    expect(await scene().page.getAttribute('.add img', 'src')).toBe(pictures.rings);
  });
}

test('what the day still holds is said once it is little', async () => {
  await open('qq-few-left');
  expect(await text('#q-today')).toBe('5 sign-ins left today');
  await expect.poll(() => text('#live')).toBe('Waiting for your scan. 5 sign-ins left today');
});

test('a code that ended after its scan is not called expired', async () => {
  await open('qq-unconfirmed');
  expect(await text('.stat h2')).toBe('Not confirmed on the phone');
  expect(await text('.stat p')).toContain('declined');
  await press('r');
  expect(await lastCall()).toEqual(['newCode', 1]);
});

test('“I’ve finished it” too early says something', async () => {
  await open('phone-captcha');
  expect(await scene().page.$('#p-early')).toBeNull();
  await tabTo('p-done');
  await press('Enter');
  await step({ step: 'ask_captcha' });
  expect(await text('#p-early')).toMatch(/does not see it as finished yet/);
  await expect.poll(() => text('#alert')).toMatch(/does not see it as finished yet/);
});

for (const name of ['ne-limited', 'ne-risk', 'qq-risk', 'paste-risk', 'phone-risk'] as const) {
  test(`${name}: where one is to wait, trying again is not offered beside it`, async () => {
    await open(name);
    expect(await text('#q-retry')).toMatch(/^Try again in \d+:\d\d$/);
    expect(await scene().page.isDisabled('#q-retry')).toBe(true);
    expect(await scene().page.$$eval('.acts button', (buttons) => buttons.filter(({ textContent }) => textContent.trim() === 'Try again').length)).toBe(0);
  });
}

test('the service’s own words are a fold away where ours say the same', async () => {
  await open('ne-limited');
  expect(await text('.msg p')).not.toContain('操作频繁');
  await tabTo('det');
  await press('Enter');
  expect(await text('.log')).toContain('操作频繁，请稍候再试');
});

test('after a scan and after a paste the same is said, with the same two ways on', async () => {
  const ends = [];
  for (const name of ['qq-success', 'paste-success'] as const) {
    await open(name);
    ends.push([await stageState(), await text('.stat h2'), await text('.stat p'), await text('#q-open'), await text('#q-copy')]);
    if (name === 'qq-success') await scene().close();
  }
  expect(ends[1]).toEqual(ends[0]);
});

test('what came and cannot be renewed does not promise it', async () => {
  await open('qq-success-never');
  expect(await text('.stat p')).toContain('It can’t be renewed');
  expect(await text('.stat p')).not.toContain('Next renewal');
});

test('“Scanned” is announced once, also when the picture and the network come and go', async () => {
  await open('qq-waiting');
  await scene().page.evaluate(() => {
    const region = document.getElementById('live');
    const said: string[] = [];
    Object.assign(window, { said });
    if (region) new MutationObserver(() => region.textContent && said.push(region.textContent)).observe(region, { childList: true });
  });
  const scanned = { step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null } as const;
  for (const more of [{}, { avatar: pictures.mountains }, { problem: { code: 'offline', service: 'qqmusic', detail: null, service_message: null } }, {}] as const) {
    await step({ ...scanned, ...more });
    await scene().page.waitForTimeout(120);
  }
  const said = await scene().page.evaluate(() => (window as unknown as { said: string[] }).said);
  expect(said.filter((text) => text.startsWith('Scanned'))).toHaveLength(1);
});

test('from the first view: language, settings, network and pasting are a key away', async () => {
  await open('empty');
  await tabTo('e-lang');
  expect(await text('#e-lang')).toBe('简体中文');
  await press('Enter');
  expect(await text('h1')).toBe('扫一次码，之后自动续期。');
  await press('Enter');
  await tabTo('e-net');
  await press('Enter');
  expect(await text('h1')).toBe('Network');
  await press('Escape');
  await tabTo('e-set');
  await press('Enter');
  expect(await scene().page.isVisible('#g2-dark'), 'the theme').toBe(true);
  await press('Escape');
  await tabTo('c-paste-netease');
  await press('Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'netease', 'paste', null]);
  expect((await focused()).id).toBe('pa-in');
});
