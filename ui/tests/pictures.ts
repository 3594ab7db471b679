/** Pictures of every scene and moment, for people to look at. `SCENES=qq-risk,empty npm run pictures` takes some only. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, test } from 'vitest';

import { moments } from './browser/moments';
import { Stage, type Look } from './browser/stage';

const FOLDER = join(import.meta.dirname, '../../target/ui-pictures');
const only = process.env['SCENES']?.split(',');

const LOOKS: Record<string, Look> = {
  'large-en': { theme: 'light', lang: 'en', text: 1.5 },
  'large-zh': { theme: 'dark', lang: 'zh', text: 1.5 },
  'wide-en': { theme: 'light', lang: 'en', width: 1600, height: 1000 },
  'wide-zh': { theme: 'dark', lang: 'zh', width: 1600, height: 1000 },
  'light-en': { theme: 'light', lang: 'en' },
  'dark-zh': { theme: 'dark', lang: 'zh', os: 'win' },
  'min-zh': { theme: 'dark', lang: 'zh', width: 720, height: 480 },
  'min-en': { theme: 'light', lang: 'en', width: 720, height: 480 },
  'zoom-zh': { theme: 'light', lang: 'zh', width: 480, height: 320 },
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
