/** Pictures of every scene and moment, for people to look at. `SCENES=qq-risk,empty npm run pictures` takes some only. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, test } from 'vitest';

import { moments } from './browser/moments';
import { Stage, type Look } from './browser/stage';

const FOLDER = join(import.meta.dirname, '../../target/ui-pictures');
const only = process.env['SCENES']?.split(',');

const LOOKS: Record<string, Look> = {
  'light-en': { theme: 'light', lang: 'en', scale: 2 },
  'dark-zh': { theme: 'dark', lang: 'zh', scale: 2, os: 'win' },
  'min-en': { theme: 'light', lang: 'en', width: 720, height: 480, scale: 2 },
  'zoom-zh': { theme: 'light', lang: 'zh', width: 480, height: 320, scale: 2 },
};

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  await mkdir(FOLDER, { recursive: true });
});
afterAll(() => stage.close());

for (const [name, moment] of Object.entries(moments).filter(([name]) => only?.includes(name) ?? true)) {
  test(`pictures of ${name}`, async () => {
    for (const [suffix, look] of Object.entries(LOOKS)) {
      const scene = await stage.scene(moment.scene, look);
      await moment.make?.(scene);
      await scene.page.screenshot({ path: join(FOLDER, `${name.replaceAll(' ', '-')}-${suffix}.png`) });
      await scene.close();
    }
  });
}
