import { afterAll, beforeAll, expect, test } from 'vitest';

import { scenes, type SceneName } from '../../src/host/scenes';

import { Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const names = Object.keys(scenes) as SceneName[];
const SIZES = [
  { width: 960, height: 640 },
  { width: 720, height: 480 },
  { width: 480, height: 320 },
];

for (const lang of ['en', 'zh'] as const) {
  test(`nothing scrolls sideways or is cut off, from the smallest window to 200 % zoom, in ${lang}`, async () => {
    const spills: string[] = [];
    for (const name of names) {
      const scene = await stage.scene(name, { lang });
      for (const size of SIZES) {
        await scene.page.setViewportSize(size);
        await scene.settled();
        const wide = await scene.page.evaluate(() => {
          const boxes = [document.documentElement, ...document.querySelectorAll<HTMLElement>('.main, .side, .group, .info, dialog')];
          const spilling = [...document.querySelectorAll<HTMLElement>('.main button, .main input, .main select, .main h1, .main h2')].filter(
            (control) => control.getBoundingClientRect().right > innerWidth + 0.5,
          );
          // What stands in a page stays inside its margins.
          const page = document.querySelector('.page');
          const edge = page && page.getBoundingClientRect().right - parseFloat(getComputedStyle(page).paddingRight);
          const beyond = [...document.querySelectorAll<HTMLElement>('.page .ah *, .page .ab > *, .page .group *')].filter(
            (element) => edge !== null && !element.closest('.sr') && element.getBoundingClientRect().right > edge + 1,
          );
          spilling.push(...beyond);
          return [...boxes.filter((box) => box.scrollWidth > box.clientWidth + 1), ...spilling].map(
            (box) => `${box.tagName} ${box.className} ${box.id}`,
          );
        });
        spills.push(...wide.map((box) => `${name} at ${String(size.width)} px: ${box}`));
      }
      await scene.close();
    }
    expect(spills).toEqual([]);
  });
}

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
