/** That everything fits: in every moment, both languages, from a small window to a wide one, with large text too. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { moments } from './moments';
import { SIZES } from './sizes';
import { Stage, type Scene } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

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

/** What spills in a scene as it is now, at every size. */
async function spilled(scene: Scene, name: string): Promise<string[]> {
  const all: string[] = [];
  for (const { width, height, text } of SIZES) {
    await scene.page.setViewportSize({ width, height });
    await scene.enlarge(text);
    all.push(...(await scene.page.evaluate(spills)).map((what) => `${name} at ${String(width)}, text × ${String(text)}: ${what}`));
  }
  return all;
}

for (const [group, members] of GROUPS) {
  test(`nothing scrolls sideways, is cut off or lies over something: ${group}`, async () => {
    const all: string[] = [];
    for (const [name, { scene: opened, make }] of members) {
      let scene = await stage.scene(opened);
      await make?.(scene);
      all.push(...(await spilled(scene, `${name} in English`)));
      if (make) {
        // What was said before does not change its language.
        await scene.close();
        scene = await stage.scene(opened, { lang: 'zh' });
        await make(scene);
      } else {
        await scene.show({ language: 'zh-CN' });
      }
      all.push(...(await spilled(scene, `${name} in Chinese`)));
      await scene.close();
    }
    expect(all).toEqual([]);
  });
}
