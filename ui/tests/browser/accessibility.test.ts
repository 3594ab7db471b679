import axe from 'axe-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { moments } from './moments';
import { Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const LOOKS = (['en', 'zh-CN'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((theme) => ({ language, theme })),
);

for (const [name, moment] of Object.entries(moments)) {
  test(`axe finds nothing wrong in “${name}”, in both languages and themes`, async () => {
    const scene = await stage.scene(moment.scene);
    await moment.make?.(scene);
    await scene.page.evaluate(axe.source);
    for (const { language, theme } of LOOKS) {
      await scene.show({ language, theme });
      const { lang, dark } = await scene.page.evaluate(() => ({
        lang: document.documentElement.lang,
        dark: document.documentElement.hasAttribute('data-dark'),
      }));
      expect([lang, dark], 'the window follows at once').toEqual([language, theme === 'dark']);
      const wrong = await scene.page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`));
      });
      expect(wrong, `${name} in ${language}, ${theme}`).toEqual([]);
    }
    await scene.close();
  });
}
