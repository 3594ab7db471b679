/** Each moment in a key's life has its words under its mark, wherever it falls. */
import { expect, test } from 'vitest';

import { NOW, people } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene } = visits();

const DAY = 86_400_000;

/** Shows a key that lives a hundred days and is renewed after so many. */
async function renewedAfter(days: number, age: number, ends: boolean): Promise<void> {
  const issued = NOW - age * DAY;
  await scene().host((host, life) => {
    const known = host.accounts[0];
    if (known) host.emit({ kind: 'account', account: { ...known, life, revision: known.revision + 1000 } });
  }, {
    issued_at: new Date(issued).toISOString(),
    renew_at: new Date(issued + days * DAY).toISOString(),
    expires_at: ends ? new Date(issued + 100 * DAY).toISOString() : null,
  });
  await scene().settled();
}

/** What is wrong with the words of the line that is shown. */
function faults(): Promise<string[]> {
  return scene().page.evaluate(() => {
    const box = (selector: string) => document.querySelector(selector)?.getBoundingClientRect();
    const [mark, words, card] = [box('#tl-next'), box('#tl-next-w'), box('.life')];
    if (!mark || !words || !card) return ['something is not shown'];
    const middle = (mark.left + mark.right) / 2;
    const wrong = [];
    if (middle < words.left - 7 || middle > words.right + 7) wrong.push(`the renewal’s words are at ${String(words.left)}, its mark is at ${String(middle)}`);
    const labels = [...document.querySelectorAll('.life dl > div')].map((label) => label.getBoundingClientRect());
    for (const [index, a] of labels.entries()) {
      for (const b of labels.slice(index + 1)) {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1) wrong.push('two labels overlap');
      }
      if (a.left < card.left || a.right > card.right || a.bottom > card.bottom) wrong.push('a label is outside');
    }
    const now = box('.tl .now b');
    if (now && (now.left < card.left || now.right > card.right)) wrong.push('“Now” is outside');
    return wrong;
  });
}

for (const [lang, seconds, said] of [['en', 20, 'just now'], ['zh', 20, '刚刚'], ['en', 70, '1 min ago'], ['zh', 70, '1 分钟前']] as const) {
  test(`a key that was made ${String(seconds)} seconds ago was made “${said}”`, async () => {
    await open('account-healthy', { lang });
    await renewedAfter(50, seconds / 86_400, true);
    const words = (await scene().page.textContent('.life dl'))?.replace(/\u00a0/g, ' ').replace(/\u2060/g, '');
    expect(words).toContain(said);
  });
}

for (const [lang, width, height, size] of [
  ['en', 960, 640, 1],
  ['zh', 960, 640, 1],
  ['en', 720, 480, 1],
  ['en', 960, 640, 1.5],
  ['zh', 1600, 1000, 1],
] as const) {
  test(`words stand under their marks and apart, in ${lang} at ${String(width)} × ${String(height)}, text × ${String(size)}`, async () => {
    await open('account-healthy', { lang, width, height, text: size });
    for (const ends of [true, false]) {
      for (const days of [0.5, 2, 8, 15, 25, 50, 75, 88, 95, 99.5]) {
        for (const age of [0, days / 2, 99]) {
          await renewedAfter(days, age, ends);
          expect(await faults(), `after ${String(days)} days, ${String(age)} old, ${ends ? 'with' : 'without'} an end`).toEqual([]);
        }
      }
    }
  });
}

test('without an end the line goes on past the renewal and has no mark there', async () => {
  await open('account-no-end');
  expect(await scene().page.$('.tl .end')).toBeNull();
  const [mark, bar] = await scene().page.evaluate(() => ['#tl-next', '.tl .bar'].map((selector) => document.querySelector(selector)?.getBoundingClientRect().right ?? 0));
  expect(bar).toBeGreaterThan((mark ?? 0) + 50);
  expect(await scene().page.getAttribute('.tl', 'aria-label')).toContain('Expiry unknown');
  expect((await scene().page.textContent('.life dl > :last-child'))?.trim()).toContain('Not known');
});

for (const name of ['account-missing', 'account-unreadable', 'account-manual', 'account-not-renewable'] as const) {
  test(`${name}: the line promises no renewal and tells of no end that nobody saw`, async () => {
    await open(name);
    expect(await scene().page.$('#tl-next')).toBeNull();
    expect(await scene().page.$('.life.dead')).toBeNull();
    expect(await scene().page.textContent('.life dl > :last-child')).toContain('Expires');
  });
}

test('an account that has ended shows when, under the end of the line', async () => {
  await open('account-dead');
  expect(people.mori.health.state).toBe('needs_sign_in');
  expect(await scene().page.$('#tl-next')).toBeNull();
  const [mark, words] = await scene().page.evaluate(() => ['.tl .end', '.life dl > :last-child'].map((selector) => document.querySelector(selector)?.getBoundingClientRect().right ?? 0));
  expect(Math.abs((mark ?? 0) - (words ?? 0))).toBeLessThan(8);
});
