/** One scene after the other, for the tests of a file that do something in it. */
import { afterAll, afterEach, beforeAll } from 'vitest';

import type { SceneName } from '../../src/host/scenes';

import { hands } from './hands';
import { Stage, type Look, type Scene } from './stage';

/** A browser for the file, the scene of the moment, which its test leaves at the end, and hands at its keyboard. */
export function visits() {
  let stage: Stage;
  let scene: Scene;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage.close());
  afterEach(() => scene.close());

  async function open(name: SceneName, look: Look = {}): Promise<void> {
    scene = await stage.scene(name, look);
  }

  const now = () => scene;
  return { open, scene: now, ...hands(now) };
}
