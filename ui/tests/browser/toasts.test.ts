/** Toasts belong to an account and a view, are true, and lie over nothing. */
import { describe, expect, test } from 'vitest';

import type { Account } from '../../src/host/bindings/Account';
import type { KeychainState } from '../../src/host/bindings/KeychainState';
import type { Problem } from '../../src/host/bindings/Problem';
import { people } from '../../src/host/scenes';

import { visits } from './visits';

const { focused, open, scene, press, tabTo, text } = visits();
const toast = () => scene().page.$('.toast');

const REJECTED: Problem = { code: 'rejected', service: 'qqmusic', detail: 'checking: code 1000', service_message: null };
const LOCKED: Problem = { code: 'keychain_locked', service: null, detail: null, service_message: null };

async function fails(command: 'renew' | 'check' | 'copyCookie', problem: Problem): Promise<void> {
  await scene().host((host, { command, problem }) => {
    host.failing[command] = problem;
  }, { command, problem });
}

async function becomes(id: string, change: Partial<Account>): Promise<void> {
  await scene().host((host, { id, change }) => {
    const known = host.accounts.find((account) => account.id === id);
    if (known) host.emit({ kind: 'account', account: { ...known, ...change, revision: known.revision + 1000 } });
  }, { id, change });
  await scene().settled();
}

async function keychain(state: KeychainState): Promise<void> {
  await scene().host((host, state) => {
    host.emit({ kind: 'keychain', state });
  }, state);
  await scene().settled();
}

test('a copied cookie is told with its account and its format, also beside another account', async () => {
  await open('account-healthy');
  await press('Control+c', 'Control+2');
  expect(await text('h1')).toBe('Xiaoman');
  expect(await text('.toast')).toContain('林间有风: cookie copied as Cookie header');
});

test('a copied cookie is told with the name of its account when that was removed since', async () => {
  await open('account-healthy');
  await press('Control+c');
  await tabTo('a-forget');
  await press('Enter');
  expect(await text('h1')).toBe('Xiaoman');
  await press('Escape');
  expect(await text('.toast')).toContain('林间有风: cookie copied as Cookie header');
});

test('no line of a toast ends or begins with a separator', async () => {
  await open('account-healthy', { lang: 'zh', width: 720, height: 480 });
  await press('Control+c');
  expect(await text('.toast-t')).not.toContain('·');
});

test('what was told of an account names it and stays with its view', async () => {
  await open('account-healthy');
  await fails('renew', { code: 'timeout', service: 'qqmusic', detail: null, service_message: null });
  await press('Control+r');
  expect(await text('.toast')).toMatch(/林间有风: QQ Music did not answer in time/);
  await press('Control+2');
  expect(await toast(), 'another account').toBeNull();
  await press('Control+1');
  expect(await toast(), 'it does not come back').toBeNull();
});

test('a toast that goes takes nobody away from where they went on', async () => {
  await open('account-healthy');
  await press('Control+c');
  await tabTo('t-clear');
  await press('Enter', 'F2');
  expect((await focused()).id).toBe('a-label');
  await expect.poll(toast, { timeout: 10_000 }).toBeNull();
  expect((await focused()).id, 'the name is still being written').toBe('a-label');
});

test('“no longer accepts” does not outlive the sign-in that mends it', async () => {
  await open('account-healthy');
  await fails('check', REJECTED);
  await tabTo('a-check');
  await press('Enter');
  expect(await toast()).not.toBeNull();
  await tabTo('a-more');
  await press('Enter', 'Enter');
  expect(await text('.whom')).toContain('林间有风');
  expect(await toast()).toBeNull();
});

test('a failure is gone once the account is better, on the same view too', async () => {
  await open('account-healthy');
  await fails('check', REJECTED);
  await tabTo('a-check');
  await press('Enter');
  expect(await toast()).not.toBeNull();
  await becomes(people.linJian.id, { checked_at: '2025-11-21T06:54:00Z' });
  expect(await toast()).toBeNull();
});

for (const [name, change] of Object.entries({
  'in trouble': { last_error: REJECTED },
  dead: { health: { state: 'needs_sign_in', since: '2025-11-21T06:53:00Z', reason: 'rejected' } },
  warned: { health: { state: 'warning', since: '2025-11-21T06:53:00Z', reason: 'refused_once' } },
} satisfies Record<string, Partial<Account>>)) {
  test(`an account that is ${name} says so in its banner, and no toast says it again`, async () => {
    await open('account-healthy');
    await fails('check', REJECTED);
    await tabTo('a-check');
    await press('Enter');
    await becomes(people.linJian.id, change);
    expect(await scene().page.$('.banner')).not.toBeNull();
    expect(await toast()).toBeNull();
  });
}

describe('a locked keychain', () => {
  test('is said by its view alone, and by nothing once it is unlocked', async () => {
    await open('account-healthy');
    await fails('copyCookie', LOCKED);
    await press('Control+c');
    expect(await text('.toast')).toContain('is locked');
    await keychain('locked');
    expect(await toast()).toBeNull();
    await keychain('ready');
    expect(await toast()).toBeNull();
  });

  test('is not said of an account any more once it is unlocked', async () => {
    await open('account-healthy');
    await becomes(people.linJian.id, { last_error: LOCKED });
    expect(await text('.banner')).toContain('The credential could not be read at the time.');
    expect(await text('.banner')).not.toContain('is locked');
  });

  test('that did not open says so where one looks, which can be read in the dark', async () => {
    await open('keychain-locked', { theme: 'dark' });
    await scene().host((host, problem) => {
      host.failing.keychainRetry = problem;
    }, LOCKED);
    await tabTo('kl-p');
    await press('Enter');
    expect(await text('#kl-e')).toContain('It is still locked');
    expect(await toast()).toBeNull();
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`its button can be read while it opens, also under the pointer, in the ${theme}`, async () => {
      await open('keychain-locked', { theme });
      await scene().host((host) => {
        host.hanging = ['keychainRetry'];
      }, null);
      await scene().page.hover('#kl-p');
      await tabTo('kl-p');
      await press('Enter');
      const { colour, behind } = await scene().page.evaluate(() => {
        const button = document.querySelector('#kl-p');
        const lit = (colour: string) => {
          const [r = 0, g = 0, b = 0] = (/[\d., ]+/.exec(colour)?.[0] ?? '').split(',').map((part) => {
            const share = Number(part) / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        if (button === null) return { colour: 0, behind: 0 };
        const own = getComputedStyle(button);
        const clear = own.backgroundColor === 'rgba(0, 0, 0, 0)';
        return { colour: lit(own.color), behind: lit(clear ? getComputedStyle(document.body).backgroundColor : own.backgroundColor) };
      });
      const [light, dark] = [Math.max(colour, behind), Math.min(colour, behind)];
      expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
    });
  }
});

for (const [width, height, size] of [[720, 480, 1], [960, 640, 1.5], [1600, 1000, 1]] as const) {
  test(`a toast lies over no control at ${String(width)} × ${String(height)}, text × ${String(size)}`, async () => {
    await open('account-healthy', { width, height, text: size });
    await press('Control+c');
    for (const place of ['#main', '.side']) {
      await scene().page.$eval(place, (box) => {
        box.scrollTop = box.scrollHeight;
      });
    }
    const hidden = await scene().page.evaluate(() => {
      const box = document.querySelector('.toast')?.getBoundingClientRect();
      const main = document.querySelector('#main')?.getBoundingClientRect();
      if (!box || !main) return ['there is no toast'];
      return box.top >= main.bottom - 0.5 && box.bottom <= innerHeight && box.right <= innerWidth ? [] : [`${String(box.top)} above ${String(main.bottom)}`];
    });
    expect(hidden).toEqual([]);
    // The last button can be scrolled to, above the toast.
    expect(await scene().page.$eval('#a-out', (button) => button.getBoundingClientRect().bottom)).toBeLessThan(
      await scene().page.$eval('.toast', (box) => box.getBoundingClientRect().top),
    );
  });
}
