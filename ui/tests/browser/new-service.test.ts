/** A service is one folder: the window signs in to one that does not exist, and shows it by what the program hands over of it. */
import { expect, test } from 'vitest';

import type { Account } from '../../src/host/bindings/Account';
import type { ServiceFacts } from '../../src/host/bindings/ServiceFacts';
import { people } from '../../src/host/scenes';

import { visits } from './visits';

const MELODY: ServiceFacts = {
  id: 'melody',
  name: { english: 'Melody', chinese: '旋律音乐' },
  short_name: { english: 'Melody', chinese: '旋律' },
  app_name: { english: 'Melody', chinese: '旋律音乐' },
  owner: { english: 'Nobody', chinese: '虚构公司' },
  key_life: { english: 'Melody keys live hours', chinese: '旋律密钥以小时计' },
  icon: 'M3 13 8 3l5 10Z',
  color: { light: '#6a4fb3', dark: '#7a5fc3' },
  methods: [
    {
      method: 'app-scan',
      hint: { english: 'The Melody app', chinese: '用旋律音乐 App' },
      scanner: { english: 'Open Melody, tap Scan', chinese: '打开旋律音乐，点「扫一扫」' },
    },
  ],
  tiers: [{ tier: 'melody_gold', name: { english: 'Gold note', chinese: '金音符' }, is_highest: true }],
  client_identity: {
    setting: 'melody-client',
    key: 'melody_client',
    name: { english: 'Melody client', chinese: '旋律客户端' },
    options: [
      { value: 'phone', name: { english: 'Phone', chinese: '手机' } },
      { value: 'desk', name: { english: 'Desk', chinese: '桌面' } },
    ],
  },
  formats: [{ name: 'melodytool', words: { english: 'melody-tool', chinese: 'melody-tool' }, shape: '{ "key": … }' }],
  has_music_key: false,
  cookie: { env_name: 'MELODY_COOKIE', domain: '.melody.example', sample: ['MELODY_KEY'], renews: true },
  paste: { needs: ['MELODY_KEY'], site: 'melody.example' },
};

const CODE = {
  step: 'show_code',
  code: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=',
  valid_until: '2025-11-21T06:55:00Z',
  life_seconds: 120,
  problem: null,
  left_today: null,
} as const;

const ADA: Account = {
  ...people.linJian,
  revision: 5000,
  id: 'melody:70001',
  service: 'melody',
  uid: '70001',
  nickname: 'Ada',
  method: 'app-scan',
  format: 'header',
  membership: { tiers: [{ tier: 'melody_gold', active: true, until: null }], checked_at: '2025-11-21T06:53:00Z' },
};

const { open, scene, press, step, lastCall, text } = visits();

test('it is signed in to and shown by its own names, colour, tiers and formats', async () => {
  await open('empty', { service: MELODY });
  expect(await text('#c-melody b')).toBe('Melody');
  expect(await text('.facts, .hero')).toContain('Tencent, NetEase and Nobody');
  const mark = scene().page.locator('#c-melody .mk');
  expect(await mark.evaluate((mark) => getComputedStyle(mark).backgroundColor)).toBe('rgb(106, 79, 179)');
  expect(await mark.locator('path').getAttribute('d')).toBe(MELODY.icon);

  await press('3');
  expect(await lastCall()).toEqual(['startSignIn', 'melody', 'app-scan', null]);
  await step(CODE);
  expect(await text('h1')).toBe('Scan with the Melody app');
  expect(await text('.add ol, .add')).toContain('Open Melody, tap Scan');
  expect(await text('#s-m-app-scan')).toContain('The Melody app');
  expect(await text('#s-m-paste')).toContain('One you already have');
  await step({ step: 'scanned', nickname: 'Ada', avatar: null, problem: null });
  await step({ step: 'exchanging' });
  await step({ step: 'done', account: ADA, known: false });
  expect(await text('.stat p')).toMatch(/Ada is saved/);

  await scene().page.click('#q-open');
  await scene().settled();
  expect(await text('.vip')).toMatch(/SVIP\s*Gold note/);
  await scene().page.click('#a-fmt');
  expect(await text('#fmt-menu')).toContain('MELODY_COOKIE=…');
  expect(await text('#f-melodytool')).toMatch(/melody-tool\s*\{ "key": … \}/);
});

test('its client is a setting beside those of the others', async () => {
  await open('settings-network', { service: MELODY, lang: 'zh', theme: 'dark' });
  expect(await scene().page.textContent('label[for="n-melody-client"]')).toContain('旋律客户端');
  await scene().page.selectOption('#n-melody-client', 'desk');
  await scene().settled();
  expect(await lastCall()).toEqual(['setSetting', 'melody-client', 'desk']);
});

test('what it is pasted from is its own site', async () => {
  await open('empty', { service: MELODY });
  await scene().page.click('#c-paste-melody');
  await step({
    step: 'ask_paste',
    problem: { code: 'invalid_input', service: 'melody', detail: 'the key is missing', service_message: null },
    unusable: null,
  });
  expect(await text('.banner')).toContain('MELODY_KEY');
  expect(await text('.banner')).toContain('melody.example');
});
