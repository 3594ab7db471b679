import type { Bilingual } from '../host/bindings/Bilingual';
import type { Delivery } from '../host/bindings/Delivery';
import type { DeliveryFacts } from '../host/bindings/DeliveryFacts';
import type { DeliveryNotice } from '../host/bindings/DeliveryNotice';
import type { DeliveryOutcome } from '../host/bindings/DeliveryOutcome';
import type { Preset } from '../host/bindings/Preset';

import type { Say } from '.';
import { inLanguage } from './services';

/** What there is to say of deliveries. The program behind the window hands it over, as it says the same itself. */
let facts: DeliveryFacts | null = null;

/** Takes what is said from then on. */
export function knowDeliveries(all: DeliveryFacts): void {
  facts = all;
}

/** What a delivery can be set up as, in the order of a menu. */
export function presets(): readonly Preset[] {
  return facts?.presets ?? [];
}

/** What is set up under that name; nothing when only a newer version knows it. */
export function presetOf(name: string): Preset | undefined {
  return presets().find((preset) => preset.name === name);
}

/** What the person calls a delivery, else what it is set up as. */
export function deliveryName(say: Say, { label, preset }: Pick<Delivery, 'label' | 'preset'>): string {
  const known = presetOf(preset);
  return label ?? (known ? inLanguage(say, known.title) : preset);
}

/** What an outcome is called. */
export function outcomeName(say: Say, outcome: DeliveryOutcome): string {
  return said(say, facts?.outcomes[outcome]) || outcome;
}

/** What was noticed of a target, and what to do about it. */
export function noticeSays(say: Say, notice: DeliveryNotice): string {
  return said(say, facts?.notices[notice]);
}

function said(say: Say, words: Bilingual | undefined): string {
  return words ? inLanguage(say, words) : '';
}
