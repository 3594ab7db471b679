/** What a person does at the keyboard, and what they see of it. */
import { expect } from 'vitest';

import type { SignInStep } from '../../src/host/bindings/SignInStep';

import type { Scene } from './stage';

/** Hands at the keyboard of the scene of the moment. */
export function hands(scene: () => Scene) {
  /** Presses keys, one after the other, and waits until what they did is on screen. */
  async function press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await scene().page.keyboard.press(key);
      await scene().settled();
    }
  }

  /** Types a text. */
  async function type(text: string): Promise<void> {
    await scene().page.keyboard.type(text);
    await scene().settled();
  }

  /** The control that has the focus: its id, and whether one sees that. */
  function focused(): Promise<{ id: string; visible: boolean }> {
    return scene().page.evaluate(() => {
      const control = document.activeElement;
      if (control === null || control === document.body) return { id: '', visible: false };
      // A radio button's ring is drawn around its label, the code's around one of its boxes.
      const rings = [control, control.closest('label'), control.parentElement?.querySelector('.code .at')]
        .filter((element) => element instanceof Element)
        .map((element) => getComputedStyle(element))
        .filter(({ opacity }) => opacity !== '0');
      return { id: control.id || control.tagName, visible: rings.some((ring) => ring.outlineStyle === 'solid' && parseFloat(ring.outlineWidth) >= 2) };
    });
  }

  /** Tabs until that control has the focus, and checks that one sees it. Gives how many presses that took. */
  async function tabTo(id: string): Promise<number> {
    for (let presses = 0; presses < 40; presses++) {
      const now = await focused();
      if (now.id === id) {
        expect(now.visible, `one sees that ${id} has the focus`).toBe(true);
        return presses;
      }
      await press('Tab');
    }
    throw new Error(`Tab never came to ${id}`);
  }

  /** The sign-in takes a step. */
  async function step(step: SignInStep): Promise<void> {
    await scene().host((host, step) => {
      host.step(step);
    }, step);
    await scene().settled();
  }

  /** The last command that the host was given. */
  async function lastCall(): Promise<unknown[]> {
    // What the window remembers for its next start is not what was asked for.
    return (await scene().calls()).filter(([command]) => command !== 'setPreferences').at(-1) ?? [];
  }

  const text = (selector: string) => scene().page.textContent(selector);

  return { press, type, focused, tabTo, step, lastCall, text };
}
