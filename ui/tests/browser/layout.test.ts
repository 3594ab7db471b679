import { afterAll, beforeAll, expect, test } from 'vitest';

import { scenes, type SceneName } from '../../src/host/scenes';

import { moments } from './moments';
import { Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const names = Object.keys(scenes) as SceneName[];
const SIZES = [
  { width: 1600, height: 1000, text: 1 },
  { width: 960, height: 640, text: 1 },
  { width: 960, height: 640, text: 1.5 },
  { width: 720, height: 480, text: 1 },
  { width: 480, height: 320, text: 1 },
];

/** What does not fit: what scrolls sideways, is cut off, or lies over something else. Runs in the page. */
function spills(): string[] {
  const named = ({ tagName, className, id, textContent }: Element) => `${tagName} ${String(className)} ${id} “${textContent.trim().slice(0, 40)}”`;
  const boxes = [document.documentElement, ...document.querySelectorAll<HTMLElement>('.main, .side, .side-scroll, .group, .info, dialog, .toast')];
  const wrong = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1);
  const shown = (element: HTMLElement) => element.checkVisibility() && element.getBoundingClientRect().width > 1 && !element.closest('.sr');
  const controls = [...document.querySelectorAll<HTMLElement>('button, input, select, summary')].filter((control) => shown(control) && getComputedStyle(control).opacity !== '0');
  const texts = [...document.querySelectorAll<HTMLElement>('h1, h2, p, dt, dd, span, label')].filter(shown);
  // What stands in a page stays inside its margins.
  const page = document.querySelector('.page');
  const edge = page && page.getBoundingClientRect().right - parseFloat(getComputedStyle(page).paddingRight);
  wrong.push(
    ...[...controls, ...texts].filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5),
    ...[...document.querySelectorAll<HTMLElement>('.page .ah *, .page .ab > *, .page .group *')].filter(
      (element) => edge !== null && !element.closest('.sr, [role=menu]') && element.getBoundingClientRect().right > edge + 1,
    ),
    // A name is cut with an ellipsis, and is whole in its own view; nothing else is cut.
    ...[...controls, ...texts].filter((element) => element.tagName !== 'INPUT' && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible' && getComputedStyle(element).textOverflow !== 'ellipsis'),
    ...controls.filter((control) => control.matches('.btn') && control.scrollWidth > control.clientWidth + 1),
  );
  const overlaps = controls.flatMap((a, index) => {
    const one = a.getBoundingClientRect();
    return controls.slice(index + 1).filter((b) => {
      if (a.contains(b) || b.contains(a) || a.closest('[role=menu], dialog') || b.closest('[role=menu], dialog')) return false;
      // What is scrolled away under a foot or a toast is in a box of its own.
      if (a.closest('.side-scroll, .main') !== b.closest('.side-scroll, .main') || a.closest('.ab') || b.closest('.ab')) return false;
      const other = b.getBoundingClientRect();
      return one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1;
    });
  });
  return [...wrong.map(named), ...overlaps.map((element) => `over another: ${named(element)}`)];
}

/** The moments in groups, so that no test takes long. */
const GROUPS = ['account', 'add', 'delivery', 'rest'].map((group) => {
  const of = (scene: string) => (/^(account|overview)/.test(scene) ? 'account' : /^deliver/.test(scene) ? 'delivery' : /^(qq|ne|wx|app|page|phone|paste)-/.test(scene) ? 'add' : 'rest');
  return [group, Object.entries(moments).filter(([, { scene }]) => of(scene) === group)] as const;
});

for (const lang of ['en', 'zh'] as const) {
  for (const [group, members] of GROUPS) {
    test(`nothing scrolls sideways, is cut off or lies over something, from a small window to a wide one and with large text: ${group}, in ${lang}`, async () => {
      const all: string[] = [];
      for (const [name, moment] of members) {
        const scene = await stage.scene(moment.scene, { lang });
        await moment.make?.(scene);
        for (const { width, height, text } of SIZES) {
          await scene.page.setViewportSize({ width, height });
          await scene.enlarge(text);
          all.push(...(await scene.page.evaluate(spills)).map((what) => `${name} at ${String(width)}, text × ${String(text)}: ${what}`));
        }
        await scene.close();
      }
      expect(all).toEqual([]);
    });
  }
}

test('in a wide window what belongs together is in line: a notice with the view below it, the two memberships', async () => {
  const edges = (selector: string) => scene.page.$$eval(selector, (boxes) => boxes.map((box) => Math.round(box.getBoundingClientRect().x)));
  const scene = await stage.scene('notice', { width: 1600, height: 1000 });
  expect(await edges('.notice .banner')).toEqual(await edges('.sects .life'));
  expect(new Set(await edges('.vip .n')).size).toBe(1);
  await scene.close();
});

test('a choice stands beside its own name, however much is said below that', async () => {
  for (const text of [1, 1.5]) {
    const scene = await stage.scene('settings-network-unusable', { text });
    const middle = (selector: string) =>
      scene.page.$eval(selector, (box) => {
        const { top, height } = box.getBoundingClientRect();
        return top + height / 2;
      });
    expect(Math.abs((await middle('#px-system')) - (await middle('.choice .t')))).toBeLessThanOrEqual(1);
    await scene.close();
  }
});

test('an account’s first copy moves no button', async () => {
  const moved: string[] = [];
  for (const lang of ['en', 'zh'] as const) {
    for (const name of ['account-healthy', 'account-soon', 'account-long'] as const) {
      for (const { width, height, text } of SIZES) {
        const scene = await stage.scene(name, { lang, width, height, text });
        const places = () =>
          scene.page.$$eval('.ab .btn, .sects .btn', (buttons) =>
            buttons.map((button) => [button.id, button.getBoundingClientRect().x, button.getBoundingClientRect().y].join(' ')),
          );
        const before = await places();
        await scene.page.$eval('#a-copy', (button) => {
          (button as HTMLElement).click();
        });
        await scene.page.waitForSelector('.toast');
        await scene.settled();
        const after = await places();
        moved.push(...after.filter((place, index) => place !== before[index]).map((place) => `${name}, ${lang}, ${String(width)} × ${String(text)}: ${place}`));
        await scene.close();
      }
    }
  }
  expect(moved).toEqual([]);
});

test('the format menu is all in view as it opens, in a small window and with large text', async () => {
  for (const lang of ['en', 'zh'] as const) {
    for (const { width, height, text } of SIZES.filter(({ height }) => height > 320)) {
      const scene = await stage.scene('account-healthy', { lang, width, height, text });
      await scene.page.click('#a-fmt');
      await scene.settled();
      const below = await scene.page.$eval('#fmt-menu', (menu) => menu.getBoundingClientRect().bottom - innerHeight);
      expect(below, `${lang}, ${String(width)} × ${String(text)}`).toBeLessThanOrEqual(0);
      await scene.close();
    }
  }
});

test('buttons beside each other stay beside each other in a small window', async () => {
  for (const lang of ['en', 'zh'] as const) {
    for (const name of names.filter((name) => name.startsWith('account-'))) {
      const scene = await stage.scene(name, { lang, width: 720, height: 480 });
      const lines = await scene.page.$$eval('.ab > *', (boxes) => new Set(boxes.map((box) => Math.round(box.getBoundingClientRect().bottom))).size);
      expect(lines, `${name}, ${lang}`).toBe(1);
      await scene.close();
    }
  }
});

test('each way in is explained in one line, in the narrowest list that has words too', async () => {
  const wrapped: string[] = [];
  for (const lang of ['en', 'zh'] as const) {
    for (const name of ['qq-waiting', 'ne-waiting'] as const) {
      const scene = await stage.scene(name, { lang, width: 720, height: 480 });
      wrapped.push(
        ...(await scene.page.$$eval('.side .nav-acct .sec', (lines) =>
          lines.filter((line) => line.getClientRects().length > 1 || line.getBoundingClientRect().height > 20).map(({ textContent }) => textContent),
        )),
      );
      await scene.close();
    }
  }
  expect(wrapped).toEqual([]);
});

test('the stage and the title keep their place through every state and method of both services', async () => {
  const places = new Set<string>();
  for (const name of names.filter((name) => /^(qq|ne|wx|app|page)-/.test(name))) {
    const scene = await stage.scene(name);
    places.add(
      await scene.page.evaluate(() =>
        ['.stage', '.info h1']
          .map((selector) => document.querySelector(selector)?.getBoundingClientRect())
          .map((box) => `${String(box?.x)} ${String(box?.y)}`)
          .join(', '),
      ),
    );
    await scene.close();
  }
  expect([...places], 'one place for all').toHaveLength(1);
});

test('the title of a form is on the same line as the title beside a stage', async () => {
  const lines = new Set<string>();
  for (const name of ['qq-waiting', 'phone-number', 'phone-code', 'phone-risk', 'paste-empty', 'paste-found', 'paste-expired'] as const) {
    const scene = await stage.scene(name);
    lines.add(await scene.page.evaluate(() => String(document.querySelector('.add h1')?.getBoundingClientRect().y)));
    await scene.close();
  }
  expect([...lines]).toHaveLength(1);
});

test('the code is dark on white with a quiet zone of 20 px in both themes', async () => {
  for (const theme of ['light', 'dark'] as const) {
    const scene = await stage.scene('qq-waiting', { theme });
    const seen = await scene.page.evaluate(() => {
      const paper = document.querySelector('.stage');
      const code = document.querySelector('.stage img');
      if (paper === null || code === null) return null;
      const [outer, inner] = [paper.getBoundingClientRect(), code.getBoundingClientRect()];
      return {
        paper: getComputedStyle(paper).backgroundColor,
        margins: [inner.left - outer.left, inner.top - outer.top, outer.right - inner.right, outer.bottom - inner.bottom],
      };
    });
    expect(seen, theme).toEqual({ paper: 'rgb(255, 255, 255)', margins: [20, 20, 20, 20] });
    await scene.close();
  }
});
