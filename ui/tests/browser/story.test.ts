/** One story of an account in every place that tells it, and what the person can write and find there. */
import { describe, expect, test } from 'vitest';

import type { Account } from '../../src/host/bindings/Account';
import { people, type SceneName } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene, press, type, focused, tabTo, lastCall, text } = visits();

/** The text without what keeps its lines from ending inside a date. */
const plain = async (selector: string) => (await text(selector))?.replace(/\u00a0/g, ' ').replace(/\u2060/g, '').replace(/\s+/g, ' ').trim();

async function becomes(change: Partial<Account> & { id: string }): Promise<void> {
  await scene().host((host, change) => {
    const known = host.accounts.find(({ id }) => id === change.id);
    if (known) host.emit({ kind: 'account', account: { ...known, ...change, revision: known.revision + 1000 } });
  }, change);
  await scene().settled();
}

/** Scene, pill, line in the list, sentence, credential's heading, title of the banner. */
const STORIES: [SceneName, pill: string, line: string, status: string, renewal: string, banner: string | null][] = [
  ['account-healthy', 'Healthy', 'Renews in 20 h 48 min', 'Works, verified 14:51. Good until Nov 23; renews tomorrow 11:41.', 'Renews by itself', null],
  ['account-soon', 'Renews soon', 'Renews in 7 min', 'Works, verified 14:51. Good until tomorrow 09:00; renews today 15:00.', 'Renews by itself', null],
  ['account-manual', 'Healthy', 'Renews when you ask', 'Works, verified 14:51. Good until Nov 23; renews when you ask.', 'Automatic renewal is off', null],
  ['account-while-alive', 'Healthy', 'Renews in 20 h 48 min', 'Works, verified 14:51. Good until Nov 23; renews tomorrow 11:41.', 'Renews by itself while it works', null],
  ['account-not-renewable', 'Needs attention', 'Can’t be renewed', 'Works, verified 10:29. Good until Nov 24; can’t be renewed.', 'Can’t be renewed', 'Can’t be renewed'],
  ['account-renewal-failing', 'Needs attention', 'Renewals fail', 'Renewals have failed since 10:29. Good until Nov 23; renews tomorrow 11:41.', 'Renews by itself', 'Renewals fail'],
  ['account-refused-once', 'Needs attention', 'Refused once', 'Refused once at 10:29; asked again soon. Good until Nov 23; renews tomorrow 11:41.', 'Renews by itself', 'Refused once'],
  ['account-missing-once', 'Needs attention', 'Not found', 'Not found in the system keyring at 10:29; TuneKey looks again.', 'Not known whether it renews', 'Not found'],
  ['account-unreadable', 'Needs attention', 'Can’t be read', 'Its item in the system keyring hasn’t been readable since 10:29.', 'Renewal stopped', 'Can’t be read'],
  ['account-missing', 'Needs sign-in', 'Credential missing', 'Not in the system keyring any more; noticed 09:30.', 'Renewal stopped', 'Credential missing'],
  ['account-dead', 'Needs sign-in', 'No longer accepted', 'No longer accepted since Nov 19, 08:12.', 'Renewal stopped', 'No longer accepted'],
];

test.each(['account-missing', 'account-missing-once', 'account-unreadable'] as const)('%s: of a database no keyring is spoken of', async (name) => {
  await open(name, { store: 'postgres' });
  expect(await plain('#a-status')).toMatch(/the database/);
  expect(await plain('body')).not.toMatch(/keyring|keychain/i);
});

for (const [name, pill, line, status, renewal, banner] of STORIES) {
  test(`${name}: pill, list, sentence, credential and banner tell one story`, async () => {
    await open(name);
    expect(await plain('.ah .pill')).toBe(pill);
    const listed = '.side [aria-current=page]';
    expect(await plain(`${listed} .row .sr`), 'the light in the list').toBe(pill);
    expect(await plain(`${listed} .s12`)).toMatch(new RegExp(`, ${line}$`));
    expect(await plain('#a-status')).toBe(status);
    expect(await plain('.sect-h .r')).toBe(renewal);
    expect(banner === null ? await scene().page.$('.banner') : await plain('.banner h2')).toBe(banner);
  });
}

test('missing, unreadable and refused each have a next step of their own', async () => {
  const steps = new Set<string>();
  for (const name of ['account-missing', 'account-unreadable', 'account-dead', 'account-missing-once', 'account-refused-once'] as const) {
    await open(name);
    const step = await plain('.banner p');
    if (name !== 'account-dead' && name !== 'account-refused-once') expect(step, name).toMatch(/was not asked|newer version/);
    steps.add(step ?? '');
    if (name !== 'account-refused-once') await scene().close();
  }
  expect(steps.size).toBe(5);
});

test('what cannot be renewed is offered a sign-in, not a renewal', async () => {
  await open('account-not-renewable');
  expect(await scene().page.$('#a-ref')).toBeNull();
  await tabTo('a-sign');
  await press('Enter');
  expect(await lastCall()).toEqual(['startSignIn', 'qqmusic', 'paste', 'qqmusic:100000456']);
});

test('what the keychain does not hold is not offered to be copied', async () => {
  await open('account-missing');
  expect(await scene().page.$('#a-copy')).toBeNull();
  await press('Control+c');
  expect(await scene().calls()).toEqual([]);
});

test('the list and the detail agree to the minute, also as time goes on', async () => {
  await open('account-healthy', { still: false });
  for (const minutes of [1, 61, 119, 24 * 60 + 30, 13 * 24 * 60 + 23 * 60]) {
    const renew_at = new Date(Date.parse('2025-11-21T14:53:40+08:00') + minutes * 60_000).toISOString();
    await becomes({ id: people.linJian.id, life: { ...people.linJian.life, renew_at, expires_at: null } });
    const listed = (await plain('.side [aria-current=page] .s12'))?.replace('QQ Music, Renews ', '');
    expect(await plain('#tl-next-w small')).toBe(listed);
  }
});

describe('copying what is dead', () => {
  test('warns first and offers to sign in', async () => {
    await open('account-dead');
    await press('Control+c');
    expect(await scene().calls(), 'nothing was copied').toEqual([]);
    expect(await text('dialog h2')).toBe('NetEase Cloud Music no longer accepts Mori’s credential');
    expect((await focused()).id).toBe('rd-c');
    await tabTo('cd-sign');
    await press('Enter');
    expect(await lastCall()).toEqual(['startSignIn', 'netease', 'app-scan', people.mori.id]);
    expect(await scene().page.$('dialog')).toBeNull();
  });

  test('is still possible, in a format of one’s own', async () => {
    await open('account-dead');
    await tabTo('a-fmt');
    await press('Enter', 'ArrowDown', 'Enter');
    await tabTo('cd-copy');
    await press('Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.mori.id, { format: 'json', scope: 'full', once: false }]);
    expect(await scene().page.$('dialog')).toBeNull();
  });
});

test('the format menu says who renews a copy', async () => {
  const said = async (name: SceneName) => {
    await open(name);
    await tabTo('a-fmt');
    await press('Enter');
    const words = await plain('#fmt-who');
    await scene().close();
    return words;
  };
  expect(await said('account-healthy')).toBe('Plays and holds what renews the key: only for a tool of your own that renews by itself.');
  expect(await said('account-long')).toBe('Only plays. TuneKey renews the key Dec 18, 20:10: copy it again then.');
  expect(await said('account-not-renewable')).toBe('Only plays, until its key ends.');
  await open('account-manual');
  await tabTo('a-fmt');
  await press('Enter', 'End', 'Enter');
  expect(await plain('#fmt-who'), 'nothing renews by itself').toBe('Only plays, until its key ends.');
});

describe('what the person writes', () => {
  test('F2 names the account; the name is shown everywhere, the nickname beside it', async () => {
    await open('account-healthy');
    await press('F2');
    expect(await focused()).toEqual({ id: 'a-label', visible: true });
    await type('Living room');
    await press('Enter');
    expect(await lastCall()).toEqual(['setLabel', people.linJian.id, 'Living room']);
    expect(await text('h1')).toBe('Living room');
    expect(await text('.meta')).toContain(people.linJian.nickname);
    expect(await text('.side [aria-current=page] .nm')).toBe('Living room');
    expect((await focused()).id, 'the focus is not lost').not.toBe('');
    await press('F2', 'Backspace', 'Enter');
    expect(await lastCall(), 'an empty name takes it away').toEqual(['setLabel', people.linJian.id, '']);
    expect(await text('h1')).toBe(people.linJian.nickname);
  });

  test('Esc keeps the name as it was', async () => {
    await open('account-healthy');
    await press('F2');
    await type('x');
    await press('Escape');
    expect(await scene().calls()).toEqual([]);
    expect(await text('h1')).toBe(people.linJian.nickname);
    expect(await scene().page.$('#a-label')).toBeNull();
  });

  test('a note is written from the menu', async () => {
    await open('account-healthy');
    await tabTo('a-more');
    await press('Enter', 'ArrowDown', 'ArrowDown', 'Enter');
    expect(await focused()).toEqual({ id: 'a-note', visible: true });
    await type('For the NAS');
    await press('Tab');
    expect(await lastCall(), 'leaving it keeps it').toEqual(['setNote', people.linJian.id, 'For the NAS']);
    expect(await text('.noted')).toContain('For the NAS');
  });
});

test('what was copied, when, and whether it is still current', async () => {
  await open('account-labelled');
  expect(await plain('#a-copied')).toBe('Last copied 10:02 as JSON; still the current key.');
  await scene().close();
  await open('account-copied-old');
  expect(await plain('#a-copied')).toBe('Last copied Nov 19, 10:02 as Netscape cookies.txt; the key has changed since, so copy it again.');
});

describe('many accounts', () => {
  const listed = () => scene().page.$$eval('.side .nav-acct .nm', (names) => names.map(({ textContent }) => textContent));

  test('are searched by name, label, note and number', async () => {
    await open('account-of-many');
    await tabTo('s-find');
    await type('music assistant');
    expect(await listed()).toEqual(['客厅音箱']);
    await press('Control+a');
    await type('42000002');
    expect(await listed()).toEqual(['Zoë with a name that goes on and on']);
    await press('Control+a');
    await type('nobody');
    expect(await text('.side .none')).toBe('No matches');
  });

  test('are listed in the order that was chosen, which is remembered', async () => {
    await open('account-of-many');
    expect((await listed()).slice(0, 2), 'problems first, as remembered').toEqual(['Mori', '客厅音箱']);
    await tabTo('s-order');
    await press('ArrowDown');
    expect((await listed()).slice(0, 3)).toEqual(['Xiaoman', '林间有风', '小满']);
    expect((await scene().calls()).at(-1)).toEqual(['setPreferences', expect.objectContaining({ lastView: `accounts/${people.linJian.id}?next` })]);
    await press('Escape', 'Control+2');
    expect(await text('h1'), 'shortcuts count in that order').toBe('林间有风');
  });

  test('a few are listed without a search field', async () => {
    await open('account-healthy');
    expect(await scene().page.$('#s-find')).toBeNull();
  });
});

describe('the overview', () => {
  test('is opened from the list or by Ctrl 0 and shows every account with its story', async () => {
    await open('account-healthy');
    await press('Control+0');
    expect(await text('h1')).toBe('All accounts');
    expect(await plain('.ah .sec')).toBe('Accounts: 4 · need sign-in: 1');
    expect(await scene().page.$$('.card')).toHaveLength(4);
    expect(await plain('.card p')).toBe('Works, verified 14:51. Good until Nov 23; renews tomorrow 11:41.');
    await tabTo(`o-c-netease-${people.yehang.uid}`);
    await press('Enter');
    expect(await lastCall()).toEqual(['copyCookie', people.yehang.id, null]);
    await press('Escape', 'Control+,', 'Escape');
    expect(await text('h1'), 'where one was').toBe('All accounts');
    await tabTo(`o-netease-${people.mori.uid}`);
    await press('Enter');
    expect(await text('h1')).toBe('Mori');
  });

  test('fills a wide window and keeps to one column in a narrow one', async () => {
    await open('overview-many', { width: 1600, height: 1000 });
    const columns = () =>
      scene().page.$$eval('.card', (cards) => new Set(cards.map((card) => card.getBoundingClientRect().left)).size);
    expect(await columns()).toBeGreaterThanOrEqual(4);
    const free = await scene().page.$$eval('.card', (cards) => innerWidth - Math.max(...cards.map((card) => card.getBoundingClientRect().right)));
    expect(free).toBeLessThan(100);
    await scene().page.setViewportSize({ width: 480, height: 320 });
    await scene().settled();
    expect(await columns()).toBe(1);
  });
});

test('renewing all ends in a result that names what failed', async () => {
  await open('account-healthy');
  await scene().host((host) => {
    host.hanging = ['renewAll'];
  }, null);
  await press('Control+Shift+R');
  expect(await text('.toast')).toContain('Renewing 3 accounts…');
  await scene().close();

  await open('account-healthy');
  await scene().host((host, xiaoman) => {
    host.failingRenewals = [xiaoman];
  }, people.xiaoman.id);
  await press('Control+Shift+R');
  expect(await text('.toast')).toContain('2 renewed; 1 failed: Xiaoman; 1 can’t be renewed.');
  await becomes({ id: people.xiaoman.id, renewals: [{ at: '2025-11-21T06:54:00Z', outcome: 'renewed', trigger: 'manual', problem: null }] });
  expect(await scene().page.$('.toast'), 'it is gone once it is untrue').toBeNull();
});
