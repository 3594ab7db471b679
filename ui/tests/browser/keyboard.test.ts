/** Everything can be reached and done with the keyboard alone: real key presses, no clicks, no focus by script. */
import { beforeEach, describe, expect, test } from 'vitest';

import type { Account } from '../../src/host/bindings/Account';
import { people, pictures, scenes, type SceneName } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, focused, tabTo, step, lastCall, text } = visits();
const stageState = () => scene().page.getAttribute('[data-state]', 'data-state');
const heading = () => text('h1');

describe('in every view and state', () => {
  for (const name of Object.keys(scenes) as SceneName[]) {
    test(`Tab reaches every control of “${name}” in the order of the page, and shows where it is`, async () => {
      await open(name);
      const expected = await scene().page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button, input, select, textarea, summary')]
          .filter((control) => control.tabIndex >= 0 && !control.matches(':disabled') && control.checkVisibility())
          // One radio button stands for its group: the arrow keys reach the others.
          .filter((control) => !(control instanceof HTMLInputElement && control.type === 'radio' && !control.checked))
          .map(({ id }) => id),
      );
      expect(expected, 'every control has a name for the tests').not.toContain('');
      expect(expected.length, 'there is something to do in every state').toBeGreaterThan(0);
      // From the top: past the last control the focus leaves the page.
      for (let presses = 0; (await focused()).id !== '' && presses <= expected.length; presses++) await press('Tab');
      const reached: string[] = [];
      for (let presses = 0; presses < expected.length; presses++) {
        await press('Tab');
        const now = await focused();
        expect(now.visible, `one sees that ${now.id} has the focus`).toBe(true);
        reached.push(now.id);
      }
      expect(reached).toEqual(expected);
    });
  }
});

describe('adding an account', () => {
  test('goes from the first view to the account and its cookie without a mouse', async () => {
    await open('empty');
    await tabTo('c-qqmusic');
    await press('Enter');
    expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'qq-scan', null]);
    expect(await stageState()).toBe('loading');
    expect((await focused()).id, 'the new view’s heading takes the focus').toBe('H1');

    await step({ step: 'show_code', code: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=', valid_until: '2025-11-21T06:55:00Z', life_seconds: 120, problem: null, left_today: null });
    expect(await stageState()).toBe('waiting');
    expect(await text('#q-left')).toBe('Valid for 2:00');
    await step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    expect(await stageState()).toBe('scanned');
    await step({ step: 'exchanging' });
    await step({ step: 'saving' });
    expect(await stageState()).toBe('confirming');
    await step({ step: 'done', account: people.linJian, known: false });
    expect(await stageState()).toBe('success');
    await tabTo('q-copy');
    await press('Enter');
    expect(await heading()).toBe(people.linJian.nickname);
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, null]);
    expect((await scene().calls()).map(([command]) => command), 'a sign-in that is done is not cancelled').not.toContain('cancelSignIn');
  });

  test('1 and 2 pick a service', async () => {
    await open('empty');
    await press('2');
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', null]);
    expect(await heading()).toBe('Scan with the NetEase app');
  });

  test('the service switch starts over with the other service', async () => {
    await open('qq-waiting');
    await tabTo('s-netease');
    await press('Space');
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', null]);
    expect((await focused()).id, 'the switch keeps the focus').toBe('s-netease');
  });

  test('R asks for a new code while one is shown', async () => {
    await open('qq-waiting');
    await press('r');
    expect(await lastCall()).toEqual(['newCode', 1]);
    expect(await stageState()).toBe('loading');
  });

  for (const name of ['qq-expired', 'qq-refused', 'qq-offline', 'qq-timeout', 'qq-failed', 'qq-keychain', 'page-closed'] as const) {
    test(`${name}: the one primary button starts over, by Enter and by R`, async () => {
      await open(name);
      await tabTo('q-primary');
      await press('Enter');
      expect(await lastCall()).toEqual(['newCode', 1]);
      expect((await focused()).id, 'the button is gone, the heading has the focus').toBe('H1');
      await step({ step: 'expired', scanned: false });
      await press('r');
      expect((await scene().calls()).filter(([command]) => command === 'newCode')).toHaveLength(2);
    });
  }

  test('“not you?” asks for another code', async () => {
    await open('qq-scanned');
    await tabTo('q-other');
    await press('Enter');
    expect(await lastCall()).toEqual(['newCode', 1]);
  });

  test('a control that vanishes under the focus passes it on to what is to be done next', async () => {
    await open('qq-waiting');
    await tabTo('q-new');
    await step({ step: 'expired', scanned: false });
    expect((await focused()).id).toBe('q-primary');
  });

  test('a change of state does not take the focus from a control that stays', async () => {
    await open('qq-waiting');
    await tabTo('s-cancel');
    await step({ step: 'scanned', nickname: null, avatar: null, problem: null });
    await step({ step: 'refused' });
    expect((await focused()).id).toBe('s-cancel');
  });

  test('risk control: trying again has to wait ten minutes, and R does not get around it', async () => {
    await open('ne-risk-alone');
    expect(await text('#q-retry')).toBe('Try again in 10:00');
    await press('r');
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', null]);
  });

  test('no connection: the network settings are one step away', async () => {
    await open('qq-timeout');
    await tabTo('q-net');
    await press('Enter');
    expect(await heading()).toBe('Network');
    expect(await lastCall(), 'leaving ends the sign-in').toEqual(['cancelSignIn', 1]);
  });

  test('the details fold opens by Space', async () => {
    await open('qq-timeout');
    await tabTo('det');
    await press('Space');
    expect(await scene().page.isVisible('.log')).toBe(true);
  });

  test('Esc leaves and ends the sign-in', async () => {
    await open('qq-waiting');
    await press('Escape');
    expect(await lastCall()).toEqual(['cancelSignIn', 1]);
    expect(await heading()).toBe(people.linJian.nickname);
  });

  test('× leaves too', async () => {
    await open('qq-waiting');
    await tabTo('s-cancel');
    await press('Enter');
    expect(await lastCall()).toEqual(['cancelSignIn', 1]);
  });
});

const checked = (id: string) => scene().page.getAttribute(`#${id}`, 'aria-checked');

describe('an account', () => {
  test('copies by its button and by Ctrl C', async () => {
    await open('account-healthy');
    await tabTo('a-copy');
    await press('Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, null]);
    await press('Control+2', 'Control+c');
    expect(await lastCall()).toEqual(['copyCookie', people.xiaoman.id, null]);
  });

  test('Ctrl C copies the selected text when there is some', async () => {
    await open('account-healthy');
    await scene().page.evaluate(() => {
      getSelection()?.selectAllChildren(document.querySelector('.meta .sel') ?? document.body);
    });
    await press('Control+c');
    expect((await scene().calls()).map(([command]) => command)).not.toContain('copyCookie');
  });

  test('on a Mac the shortcuts are with ⌘', async () => {
    await open('account-healthy', { os: 'mac' });
    await press('Control+c');
    expect((await scene().calls()).map(([command]) => command)).not.toContain('copyCookie');
    await press('Meta+c');
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, null]);
  });

  test('the formats open on the checked one, go round by arrows, and choosing copies at once', async () => {
    await open('account-healthy');
    await press('Control+Shift+C');
    expect(await focused()).toEqual({ id: 'f-header', visible: true });
    await press('ArrowUp');
    expect((await focused()).id, 'round to the end').toBe('f-minimal');
    await press('Home', 'ArrowDown');
    expect((await focused()).id).toBe('f-json');
    await press('End');
    expect((await focused()).id).toBe('f-minimal');
    await press('ArrowUp', 'ArrowUp', 'ArrowUp', 'Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, { format: 'netscape', scope: 'full', once: false }]);
    expect((await focused()).id, 'the focus is back on the button').toBe('a-fmt');
    expect(await text('#a-fmt'), 'it is the account’s format now').toContain('Netscape cookies.txt');
  });

  test('a copy in another format for once leaves the account its own', async () => {
    await open('account-healthy');
    await press('Control+Shift+C', 'End', 'ArrowUp');
    expect(await focused()).toEqual({ id: 'f-once', visible: true });
    await press('Space');
    expect(await checked('f-once'), 'ticking it keeps the menu open').toBe('true');
    expect(await text('#fmt-foot')).toBe('Copies at once; the default here stays Cookie header');
    await press('Home', 'ArrowDown', 'Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, { format: 'json', scope: 'full', once: true }]);
    expect((await focused()).id).toBe('a-fmt');
    expect(await text('#a-fmt'), 'its own format').toContain('Cookie header');
    expect(await text('.toast')).toContain('林间有风: cookie copied as JSON');
    await press('Enter');
    expect(await checked('f-once'), 'the next time it is not for once').toBe('false');
  });

  test('a minimal copy is for once, and its toast says that it only plays', async () => {
    await open('account-healthy');
    await press('Control+Shift+C', 'End', 'Enter');
    expect(await checked('f-minimal')).toBe('true');
    expect(await checked('f-once'), 'it changes no default').toBe('true');
    expect(await scene().page.getAttribute('#f-once', 'aria-disabled')).toBe('true');
    await press('ArrowUp', 'Enter');
    expect(await checked('f-once'), 'and cannot be made to').toBe('true');
    await press('Home', 'ArrowDown', 'Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, { format: 'json', scope: 'minimal', once: true }]);
    expect(await text('#a-fmt'), 'its own format').toContain('Cookie header');
    expect(await text('.toast')).toContain('林间有风: minimal cookie copied as JSON; it only plays');
  });

  for (const [name, why] of [
    ['account-long', 'NetEase’s full copy does not renew either'],
    ['account-not-renewable', 'nothing in it renews'],
  ] as const) {
    test(`${name} is offered no minimal copy: ${why}`, async () => {
      await open(name);
      await tabTo('a-fmt');
      await press('Enter', 'End');
      expect((await focused()).id).toBe('f-once');
      expect(await scene().page.$('#f-minimal')).toBeNull();
    });
  }

  test('NetEase accounts are not offered the format of qqmusic-api', async () => {
    await open('account-long');
    await tabTo('a-fmt');
    await press('Enter');
    expect(await scene().page.$$eval('#fmt-menu [role=menuitemradio]', (items) => items.map(({ id }) => id))).toEqual(['f-header', 'f-json', 'f-env', 'f-netscape']);
  });

  for (const key of ['Escape', 'Tab']) {
    test(`${key} closes a menu and gives the focus back`, async () => {
      await open('account-healthy');
      for (const opener of ['a-more', 'a-fmt']) {
        await tabTo(opener);
        await press('Enter');
        expect(await scene().page.isVisible('[role=menu]')).toBe(true);
        await press(key);
        expect(await scene().page.isVisible('[role=menu]')).toBe(false);
        expect((await focused()).id).toBe(opener);
      }
    });
  }

  test('renews by its button and by Ctrl R, once at a time, and says so', async () => {
    await open('account-healthy');
    await tabTo('a-ref');
    await press('Enter');
    expect(await lastCall()).toEqual(['renew', people.linJian.id]);
    expect(await text('.toast')).toMatch(/林间有风: renewed\. Next renewal tomorrow\s10:53\./);
    await scene().host((host) => {
      host.hanging = ['renew'];
    }, null);
    await press('Control+r', 'Control+r');
    expect((await scene().calls()).filter(([command]) => command === 'renew')).toHaveLength(2);
    expect(await text('#a-ref')).toContain('Renewing…');
    expect((await focused()).id, 'a busy button keeps the focus').toBe('a-ref');
  });

  test('checks by its button', async () => {
    await open('account-healthy');
    await tabTo('a-check');
    await press('Space');
    expect(await lastCall()).toEqual(['check', people.linJian.id]);
    expect(await text('.toast')).toContain('林间有风: works; verified just now.');
  });

  test('Ctrl Shift R renews every account', async () => {
    await open('account-healthy');
    await press('Control+Shift+R');
    expect(await lastCall()).toEqual(['renewAll']);
  });

  test('all renewals are shown and put away again', async () => {
    await open('account-healthy');
    await tabTo('a-all');
    await press('Enter');
    expect(await scene().page.$$('#hist li')).toHaveLength(14);
    await press('Enter');
    expect(await scene().page.$$('#hist li')).toHaveLength(3);
  });

  test('when it turns out to have ended, the focus goes from the button that vanishes to signing in again', async () => {
    await open('account-healthy');
    await tabTo('a-ref');
    const ended: Account = {
      ...people.linJian,
      health: { state: 'needs_sign_in', since: '2025-11-21T06:53:00Z', reason: 'rejected' },
    };
    await scene().host((host, account) => {
      host.emit({ kind: 'account', account });
    }, ended);
    await scene().settled();
    expect((await focused()).id).toBe('a-sign');
  });

  test('a notice is put away, and the focus is not lost', async () => {
    await open('notice');
    await tabTo('notice-x');
    await press('Enter');
    expect(await scene().page.$('.notice')).toBeNull();
    expect((await focused()).id).toBe('H1');
  });

  test('one that has ended is signed in to again with its own method', async () => {
    await open('account-dead');
    await tabTo('a-sign');
    await press('Enter');
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', people.mori.id]);
  });

  test('one that has ended is neither renewed nor, without a question, copied by a shortcut', async () => {
    await open('account-dead');
    await press('Control+r', 'Control+c');
    expect(await scene().page.isVisible('dialog')).toBe(true);
    await press('Escape');
    expect(await scene().calls()).toEqual([]);
  });

  test('the menu signs in again too', async () => {
    await open('account-healthy');
    await tabTo('a-more');
    await press('Enter', 'Enter');
    expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'qq-scan', people.linJian.id]);
  });
});

describe('the toast of a copied cookie', () => {
  beforeEach(async () => {
    await open('account-healthy');
    await tabTo('a-copy');
    await press('Enter');
  });

  test('clears the clipboard now, and the focus comes back when the toast goes', async () => {
    await tabTo('t-clear');
    await press('Enter');
    expect(await lastCall()).toEqual(['clearClipboard']);
    expect(await text('.toast')).toContain('Clipboard cleared');
    await tabTo('t-x');
    await press('Enter');
    expect(await scene().page.$('.toast')).toBeNull();
    expect((await focused()).id).not.toBe('');
  });

  test('is put away by Esc, which does not clear', async () => {
    await press('Escape');
    expect(await scene().page.$('.toast')).toBeNull();
    expect(await lastCall()).toEqual(['copyCookie', people.linJian.id, null]);
    await scene().host((host) => {
      host.emit({ kind: 'clipboard', clip: null });
    }, null);
    await scene().settled();
    expect(await scene().page.$('.toast'), 'what was put away does not come back to say that it is over').toBeNull();
  });
});

describe('removing an account', () => {
  for (const [opener, keys] of [
    ['a-forget', ['Enter']],
    ['a-more', ['Enter', 'End', 'ArrowUp', 'Enter']],
  ] as const) {
    test(`${opener} asks the system's question at once, and whoever says no is where they were`, async () => {
      await open('account-healthy');
      await scene().host((host) => {
        host.failing.forget = { code: 'cancelled', service: null, detail: null, service_message: null };
      }, null);
      await tabTo(opener);
      await press(...keys);
      expect(await scene().calls()).toEqual([['forget', people.linJian.id]]);
      expect(await scene().page.$('dialog')).toBeNull();
      expect(await scene().page.$('.toast')).toBeNull();
      expect((await focused()).id).toBe(opener);
      expect(await heading()).toBe(people.linJian.nickname);
      // The question can be asked again.
      await press(...keys);
      expect(await scene().calls()).toHaveLength(2);
    });
  }

  test('nothing is said to be under way while the question is open', async () => {
    await open('account-healthy');
    await scene().host((host) => {
      host.hanging = ['signOut'];
    }, null);
    await tabTo('a-out');
    await press('Enter', 'Enter');
    expect(await scene().calls(), 'it is asked once').toEqual([['signOut', people.linJian.id]]);
    expect(await text('#a-out')).toBe('Sign out…');
    expect(await scene().page.getAttribute('#a-ref', 'aria-disabled')).toBe('false');
    await scene().host((host, account) => {
      host.emit({ kind: 'account', account: { ...account, busy: 'signing_out', revision: account.revision + 1000 } });
    }, people.linJian);
    await scene().settled();
    expect(await text('#a-out')).toBe('Signing out…');
    expect(await scene().page.getAttribute('#a-out', 'aria-disabled')).toBe('true');
  });

  test('forgets on this computer', async () => {
    await open('account-healthy');
    await tabTo('a-forget');
    await press('Enter');
    expect(await lastCall()).toEqual(['forget', people.linJian.id]);
    expect(await heading(), 'the next account is shown').toBe(people.xiaoman.nickname);
    expect((await focused()).id).toBe('H1');
  });

  test('signs out, and says when the service did not confirm it', async () => {
    await open('account-unconfirmed');
    await tabTo('a-out');
    await press('Enter');
    expect(await lastCall()).toEqual(['signOut', people.linJian.id]);
    expect(await text('.toast')).toContain('QQ Music didn’t confirm the sign-out');
    await expect.poll(() => text('#alert')).toContain('QQ Music didn’t confirm the sign-out');
  });
});

describe('moving about', () => {
  test('arrow keys move through the accounts, and Enter opens one', async () => {
    await open('account-healthy');
    await tabTo(`s-qqmusic-${people.linJian.uid}`);
    await press('ArrowUp', 'ArrowUp');
    expect((await focused()).id, 'a list does not go round').toBe('s-all');
    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    expect((await focused()).id).toBe(`s-netease-${people.yehang.uid}`);
    await press('Enter');
    expect(await heading()).toBe(people.yehang.nickname);
    await press('End', 'Enter');
    expect((await focused()).id, 'settings are the end of the list').toBe('H1');
    expect(await heading()).toBe('General');
  });

  test('shortcuts open accounts, the settings and adding', async () => {
    await open('account-healthy');
    await press('Control+4');
    expect(await heading()).toBe(people.mori.nickname);
    await press('Control+9');
    expect(await heading(), 'there is no ninth').toBe(people.mori.nickname);
    await press('Control+,');
    expect(await heading()).toBe('General');
    await press('Escape');
    expect(await heading(), 'back where one was').toBe(people.mori.nickname);
    await press('Control+n');
    expect(await heading()).toBe('Which account do you want to add?');
    await press('1');
    expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'qq-scan', null]);
  });

  test('the place is remembered', async () => {
    await open('account-healthy');
    await press('Control+2');
    expect((await scene().calls()).at(-1)).toEqual(['setPreferences', expect.objectContaining({ lastView: `accounts/${people.xiaoman.id}` })]);
  });

  test('the tray opens a sign-in for an account', async () => {
    await open('account-healthy');
    await scene().host((host, account) => {
      host.emit({ kind: 'open', view: 'add', account, service: 'netease', delivery: null });
    }, people.mori.id);
    await scene().settled();
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', people.mori.id]);
  });
});

describe('a keychain that cannot be used', () => {
  for (const name of ['keychain-locked', 'keychain-unavailable', 'keychain-denied', 'keychain-silent'] as const) {
    test(`${name}: it is asked again, or TuneKey quits`, async () => {
      await open(name);
      await tabTo('kl-p');
      await press('Enter');
      expect(await lastCall()).toEqual(['keychainRetry']);
      await expect.poll(() => text('#alert')).toMatch(name === 'keychain-locked' ? /^It is still locked: the password was not accepted/ : /^That did not help yet/);
      expect(await text('#kl-e'), 'it is seen, too').toBe(await text('#alert'));
      await tabTo('kl-q');
      await press('Enter');
      expect(await lastCall()).toEqual(['quit']);
    });
  }

  for (const name of ['keychain-locked', 'keychain-unavailable', 'keychain-denied', 'keychain-silent'] as const) {
    test(`${name}: of a database nothing is said that is true of a keychain alone`, async () => {
      await open(name, { store: 'postgres' });
      expect(await text('h1')).toMatch(/the database/i);
      expect(await text('.hero')).not.toMatch(/keyring|keychain|unlock|sign in to the system/i);
      await tabTo('kl-p');
      await press('Enter');
      await expect.poll(() => text('#alert')).toBe('That did not help yet.');
    });
  }

  test('once it answers, the accounts are back and the heading has the focus', async () => {
    await open('keychain-locked');
    await tabTo('kl-p');
    await scene().host((host) => {
      host.emit({ kind: 'keychain', state: 'ready' });
    }, null);
    await scene().settled();
    expect(await heading()).toBe(people.linJian.nickname);
    expect((await focused()).id).toBe('H1');
  });

  test('shortcuts do nothing meanwhile', async () => {
    await open('keychain-locked');
    await press('Control+n', 'Control+c', 'Control+,', '1');
    expect(await scene().calls()).toEqual([]);
  });

  test('a sign-in waits behind it and is not lost', async () => {
    await open('qq-scanned');
    await scene().host((host) => {
      host.emit({ kind: 'keychain', state: 'locked' });
    }, null);
    await scene().settled();
    expect(await heading()).toBe('The system keyring is locked');
    await scene().host((host) => {
      host.emit({ kind: 'keychain', state: 'ready' });
    }, null);
    await scene().settled();
    expect(await stageState()).toBe('scanned');
    expect((await scene().calls()).map(([command]) => command)).not.toContain('cancelSignIn');
  });
});

describe('what is announced', () => {
  test('progress is polite, failures are at once, and the countdown is not read', async () => {
    await open('qq-loading');
    await expect.poll(() => text('#live')).toBe('Getting a code…');
    await step({ step: 'show_code', code: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=', valid_until: '2025-11-21T06:54:00Z', life_seconds: 120, problem: null, left_today: null });
    await expect.poll(() => text('#live')).toBe('Waiting for your scan');
    await step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    await expect.poll(() => text('#live')).toBe('Scanned as Lin Jian. Confirm on your phone.');
    await step({ step: 'refused' });
    await expect.poll(() => text('#alert')).toMatch(/^Declined on your phone\. Nothing was saved\./);
    await step({ step: 'preparing' });
    await expect.poll(() => text('#live'), { message: 'the same again is read again' }).toBe('Getting a code…');
  });

  test('a picture that arrives late is not announced again', async () => {
    await open('qq-waiting');
    await step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    await expect.poll(() => text('#live')).toBe('Scanned as Lin Jian. Confirm on your phone.');
    await scene().page.evaluate(() => {
      const region = document.getElementById('live');
      if (region) new MutationObserver(() => (document.title = 'said again')).observe(region, { childList: true });
    });
    await step({ step: 'scanned', nickname: 'Lin Jian', avatar: pictures.mountains, problem: null });
    expect(await scene().page.$('.stage img.face'), 'the picture is there').not.toBeNull();
    expect(await scene().page.title()).toBe('Add account · TuneKey');
  });

  test('thirty seconds before its end a code is announced once more', async () => {
    await open('qq-last-call');
    await expect.poll(() => text('#live')).toBe('30 seconds left on this code.');
  });

  test('a copied cookie is announced with its format', async () => {
    await open('account-long');
    await press('Control+c');
    await expect.poll(() => text('#live')).toBe('夜航星: cookie copied as Netscape cookies.txt. The clipboard clears in 30 seconds.');
    expect(await scene().page.getAttribute('.toast .num', 'aria-hidden')).toBe('true');
  });
});

test('time goes on: the countdowns run and the toast leaves by itself', async () => {
  await open('qq-waiting', { still: false });
  await expect.poll(() => text('#q-left'), { timeout: 5000 }).toBe('Valid for 1:40');
  await press('Escape', 'Control+r');
  expect(await text('.toast')).toContain('renewed.');
  await expect.poll(() => scene().page.$('.toast'), { timeout: 8000 }).toBeNull();
});
