import { afterAll, beforeAll, expect, test } from 'vitest';

import { scenes, type SceneName } from '../../src/host/scenes';

import { SIZES } from './sizes';
import { Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const names = Object.keys(scenes) as SceneName[];

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
