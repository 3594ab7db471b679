/** Deliveries by keyboard: picked, set up, looked at, tested, switched, named, removed. */
import { describe, expect, test } from 'vitest';

import { people, type SceneName } from '../../src/host/scenes';
import { own, places } from '../../src/host/places';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, lastCall, text } = visits();

const plain = async (selector: string) => (await text(selector))?.replace(/\u00a0/g, ' ').replace(/\u2060/g, '').replace(/\s+/g, ' ').trim();
const shown = async (selector: string) => (await scene().page.$(selector)) !== null;

describe('on the account', () => {
  test('the sentence on top says until when it is good, what happens then and who has it', async () => {
    await open('account-deliveries');
    expect(await plain('#a-status')).toBe('Works, verified 14:51. Good until Nov 23; renews tomorrow 11:41. Delivered to 1 of 2 places.');
  });

  test('each delivery tells how it stands in words as well as by its shape', async () => {
    await open('account-deliveries');
    const lines = await scene().page.$$eval('.dlv .d', (rows) => rows.map(({ textContent }) => textContent.replace(/\u00a0/g, ' ')));
    expect(lines).toEqual(['Delivered and confirmed, Nov 20, 02:05', 'Not delivered, 14:50. TuneKey tries again today 15:04.', 'Switched off: new keys don’t go there.']);
  });

  test('a switch turns one off where it stands; what fails leaves it as it was', async () => {
    await open('account-deliveries');
    const id = `d-sw-${places.meting.id}`;
    await tabTo(id);
    await press('Space');
    expect(await lastCall()).toEqual(['switchDelivery', places.meting.id, false]);
    expect(await plain('.dlv .d')).toBe('Switched off: new keys don’t go there.');
    await scene().host((host) => {
      host.failing.switchDelivery = { code: 'cancelled', service: null, detail: null, service_message: null };
    }, null);
    await press('Space');
    expect(await scene().page.isChecked(`#${id}`)).toBe(false);
  });

  test('one that fails is tried again where it stands', async () => {
    await open('account-deliveries');
    await tabTo(`d-send-${places.admin.id}`);
    await press('Enter');
    expect(await lastCall()).toEqual(['sendDelivery', places.admin.id]);
    expect(await plain('#a-status')).toContain('Delivered to 2 of 2 places.');
    expect((await focused()).id, 'the focus stays').toBe(`d-send-${places.admin.id}`);
  });

  test('where nothing is delivered yet it asks where the account will be used', async () => {
    await open('account-healthy');
    expect(await plain('.where h3')).toBe('Where will you use it?');
    await tabTo('d-add');
    await press('Enter');
    expect(await text('h1')).toBe('Where will you use it?');
  });

  test('a renewal that was refused asks whether another program renews, and names those that do', async () => {
    await open('account-refused-with-renewer');
    expect(await plain('.banner h3')).toBe('Does another program renew this account?');
    expect(await plain('.banner')).toContain('NAS in the attic');
  });

  test('what was handed over says who renews it, and offers to take it back', async () => {
    await open('account-handed-over');
    expect(await plain('#a-handed h2')).toBe('Handed over to music-bot');
    expect(await shown('#a-ref'), 'TuneKey does not renew it').toBe(false);
    await tabTo('a-sign');
    await press('Enter');
    expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'qq-scan', people.linJian.id]);
  });
});

describe('setting one up', () => {
  test('only tools that take the account are offered', async () => {
    await open('deliver-pick');
    expect(await shown('#dl-openlist')).toBe(false);
    await scene().close();
    await open('deliver-pick-netease');
    expect(await shown('#dl-openlist')).toBe(true);
  });

  test('what was taken back can be neither sent nor switched, and is removed', async () => {
    await open('delivery-taken-back');
    for (const control of ['#dv-send', '#dv-test', '#dv-sw']) expect(await shown(control), control).toBe(false);
    expect(await shown('#dv-rm')).toBe(true);
  });

  test('from the picker to the delivery with the keyboard alone', async () => {
    await open('deliver-pick');
    await tabTo('dl-meting');
    await press('Enter');
    expect(await text('h1')).toBe('Meting-API (file)');
    expect(await scene().page.$$('.tale li')).toHaveLength(3);
    await tabTo('dl-save');
    await press('Enter');
    expect((await focused()).id, 'what is missing gets the focus').toBe('dq-path');
    expect(await plain('#dq-path-e')).toBe('This is needed.');
    await type('/srv/cookie/tencent');
    await press('Enter');
    expect(await lastCall()).toEqual([
      'addDelivery',
      people.linJian.id,
      { preset: 'meting', answers: { path: '/srv/cookie/tencent', mode: '', owner: '', group: '' }, label: null, scope: 'playing_only' },
    ]);
    expect(await text('h1')).toBe('Meting-API (file)');
    expect(await plain('#dv-status')).toBe('Not delivered yet.');
  });

  test('one of several is chosen by the person, and nothing is chosen beforehand', async () => {
    await open('deliver-pick-netease');
    await tabTo('dl-unblock-netease-music');
    await press('Enter');
    await tabTo('dq-path');
    await type('/srv/unblock/.env');
    await tabTo('dl-save');
    await press('Enter');
    expect((await focused()).id, 'what is missing gets the focus').toBe('dq-variable');
    expect(await plain('#dq-variable-e')).toBe('This is needed.');
    await press('ArrowDown', 'ArrowDown');
    expect(await shown('#dq-variable-e')).toBe(false);
    await tabTo('dl-save');
    await press('Enter');
    const [, , draft] = (await lastCall()) as [string, string, { answers: Record<string, string> }];
    expect(draft.answers).toMatchObject({ path: '/srv/unblock/.env', variable: 'NETEASE_COOKIE' });
  });

  test('a file is chosen in the system’s dialog', async () => {
    await open('deliver-meting');
    await tabTo('dq-path-b');
    await press('Enter');
    expect(await lastCall()).toEqual(['chooseDeliveryFile', false]);
    expect(await scene().page.inputValue('#dq-path')).toBe('/srv/music/cookie/tencent');
  });

  test('a secret is pasted and never typed, and is forgotten when one leaves', async () => {
    await open('deliver-meting-admin');
    await tabTo('dq-token');
    await type('hunter2');
    expect(await scene().page.inputValue('#dq-token')).toBe('');
    await press('Tab', 'Enter');
    expect(await lastCall()).toEqual(['pasteDeliverySecret', 'token']);
    expect(await scene().page.inputValue('#dq-token')).toMatch(/^•+$/);
    await press('Escape');
    expect(await lastCall()).toEqual(['pasteDeliverySecret', 'token']);
    await press('Escape');
    expect(await lastCall()).toEqual(['dropDeliverySecrets']);
  });

  test('a no in the system’s dialog leaves the form as it was; what cannot be is said', async () => {
    await open('deliver-meting');
    await scene().host((host) => {
      host.failing.addDelivery = { code: 'cancelled', service: null, detail: null, service_message: null };
    }, null);
    await tabTo('dq-path');
    await type('relative');
    await press('Enter');
    expect(await shown('.banner')).toBe(false);
    expect(await scene().page.inputValue('#dq-path')).toBe('relative');
    await scene().host((host) => {
      host.failing.addDelivery = {
        code: 'invalid_input',
        service: null,
        detail: 'a relative path',
        service_message: null,
        words: { english: 'Give the whole path of the file.', chinese: '请填写文件的完整路径。' },
      };
    }, null);
    await press('Enter');
    expect(await plain('.banner p')).toBe('Give the whole path of the file.');
  });

  test('a hand-over is offered where it can be used, in plain words, and is not what happens by itself', async () => {
    await open('deliver-meting');
    expect(await shown('#dl-scope-all')).toBe(false);
    await scene().close();
    await open('deliver-command');
    expect(await scene().page.isChecked('#dl-scope-plays')).toBe(true);
    await tabTo('dq-command');
    await type('/usr/bin/bot');
    await tabTo('dl-scope-plays');
    await press('ArrowDown');
    expect(await scene().page.isChecked('#dl-scope-own')).toBe(true);
    await press('ArrowDown');
    await tabTo('dl-save');
    expect(await plain('#dl-save')).toBe('Hand over…');
    await press('Enter');
    expect((await lastCall())[2]).toMatchObject({ preset: 'command', scope: 'renewable' });
  });

  test('a tool that renews by itself can have a sign-in of its own, and the view says who renews what', async () => {
    await open('deliver-command');
    await tabTo('dq-command');
    await type('/usr/bin/bot');
    await tabTo('dl-scope-plays');
    await press('ArrowDown');
    await tabTo('dl-save');
    expect(await plain('#dl-save')).toBe('Set up…');
    await press('Enter');
    expect((await lastCall())[2]).toMatchObject({ preset: 'command', scope: 'own_sign_in' });
    expect(await plain('#dv-status')).toBe('Sign in once more, for this tool alone.');
    expect(await shown('#dv-send'), 'there is nothing to send yet').toBe(false);
  });

  test('signing in for a tool offers new sign-ins only, names the tool and leads back to it', async () => {
    await open('delivery-own-sign-in');
    await tabTo('dv-own');
    await press('Enter');
    expect(await lastCall()).toEqual(['startOwnSignIn', own.id, 'qq-scan']);
    expect(await plain('.whom')).toBe('Once more, for qq01 alone');
    const methods = await scene().page.$$eval('[id^="s-m-"]', (buttons) => buttons.map(({ id }) => id));
    expect(methods).not.toContain('s-m-paste');
    expect(methods).not.toContain('s-m-cookiecloud');
    await tabTo('s-m-wechat-scan');
    await press('Enter');
    expect(await lastCall(), 'another way is for the same tool').toEqual(['startOwnSignIn', own.id, 'wechat-scan']);
    await scene().host((host, account) => {
      host.emit({ kind: 'sign_in', id: 2, step: { step: 'done', account, known: true } });
    }, people.linJian);
    expect(await plain('.stat p')).toBe('qq01 gets this sign-in and renews it. TuneKey goes on renewing its own.');
    await tabTo('q-open');
    await press('Enter');
    expect(await text('h1')).toBe('qq01');
  });

  test('a change starts from what was answered and keeps the secrets', async () => {
    await open('deliver-change');
    expect(await scene().page.inputValue('#dq-url')).toBe('https://music.example.net:8443');
    await tabTo('dq-url');
    await press('Control+a');
    await type('https://other.example.net');
    await press('Enter');
    expect(await lastCall()).toEqual(['changeDelivery', places.admin.id, { url: 'https://other.example.net', note: 'tunekey', 'plain-http': 'no' }]);
    expect(await text('h1')).toBe('NAS in the attic');
  });
});

describe('one delivery', () => {
  test('is looked at with everything secret masked', async () => {
    await open('delivery-delivered');
    expect(await text('#dv-preview')).toBe('uin=***; qm_keyst=***');
  });

  test('that fails says why and what to do, and is mended with one key', async () => {
    await open('delivery-failing');
    expect(await plain('#dv-why')).toBe('The target refuses the token or password. Enter it again.');
    await tabTo('dv-send');
    expect(await text('#dv-send')).toContain('Try again');
    await press('Enter');
    expect(await lastCall()).toEqual(['sendDelivery', places.admin.id]);
    expect(await plain('.pill')).toBe('Delivered');
    expect(await plain('.toast')).toContain('NAS in the attic: delivered.');
    expect(await shown('.banner')).toBe(false);
  });

  test('is tested before it is used; that it failed is said aloud', async () => {
    await open('delivery-waiting');
    await tabTo('dv-test');
    await press('Enter');
    expect(await lastCall()).toEqual(['testDelivery', places.meting.id]);
    expect(await plain('.toast')).toContain('not delivered');
    await scene().page.waitForFunction(() => document.getElementById('alert')?.textContent.includes('not delivered'));
  });

  test('is named with F2', async () => {
    await open('delivery-delivered');
    await press('F2');
    expect(await focused()).toEqual({ id: 'dv-label', visible: true });
    await type('Living room');
    await press('Enter');
    expect(await lastCall()).toEqual(['setDeliveryLabel', places.meting.id, 'Living room']);
    expect(await text('h1')).toBe('Living room');
  });

  test('that is removed leads back to its account, whoever removes it', async () => {
    await open('delivery-delivered');
    await tabTo('dv-rm');
    await press('Enter');
    expect(await lastCall()).toEqual(['removeDelivery', places.meting.id]);
    expect(await text('h1')).toBe(people.linJian.nickname);
    await scene().close();
    await open('delivery-delivered');
    await scene().host((host) => {
      host.deliver([]);
    }, null);
    await scene().settled();
    expect(await text('h1')).toBe(people.linJian.nickname);
  });

  test('Esc leads back step by step, and the focus is never lost', async () => {
    await open('deliver-change');
    await press('Escape');
    expect(await text('h1')).toBe('NAS in the attic');
    expect((await focused()).id).not.toBe('');
    await press('Escape');
    expect(await text('h1')).toBe(people.linJian.nickname);
  });
});

test('the page of renewals says of each account when it is renewed next, what came of it last, and by whom', async () => {
  await open('settings-renewal');
  const rows = await scene().page.$$eval('.acc', (rows) => rows.map(({ textContent }) => textContent.replace(/\u00a0/g, ' ').replace(/\s+/g, ' ').trim()));
  expect(rows[0]).toContain('Next: tomorrow 11:41 · Last: Renewed, new key, Nov 20, 02:05');
  expect(rows[0]).toMatch(/TuneKey$/);
  expect(rows[3], 'nobody renews what needs a sign-in').toMatch(/No longer accepted · Last: Rejected, session ended, Nov 19, 08:12\s*Nobody$/);
  await tabTo(`r-qqmusic-${people.linJian.uid}`);
  await press('Enter');
  expect(await text('h1')).toBe(people.linJian.nickname);
  await scene().close();
  await open('settings-renewal-handed-over');
  expect(await plain('.acc .ctl')).toBe('music-bot');
});

const ELSEWHERE: [SceneName, string][] = [
  ['delivery-delivered', 'n'],
  ['deliver-pick', ','],
];
test.each(ELSEWHERE)('the shortcuts of the window work from %s', async (name, key) => {
  await open(name);
  await press(`Control+${key}`);
  expect(await text('h1')).not.toBe('Where will you use it?');
});
