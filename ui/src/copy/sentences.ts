import { capitalised, fill, type Language } from '.';
import type { ProblemCode } from '../host/bindings/ProblemCode';
import type { Words } from '../host/bindings/Words';

/** What the core says of each kind of problem. The program behind the window hands it over, as it says the same itself. */
let sentences: Partial<Record<ProblemCode, Words>> = {};

/** Takes the sentences that {@link sentence} says from then on. */
export function learn(all: Partial<Record<ProblemCode, Words>>): void {
  sentences = all;
}

/** What to tell the person of a problem with a service; empty for a code that nobody has told of. */
export function sentence(language: Language, code: ProblemCode, service: string): string {
  const words = sentences[code];
  if (words === undefined) return '';
  return capitalised(fill(language, wordsIn(language, words), { service }));
}

/** Words of the core's in a language. */
export function wordsIn(language: Language, { english, chinese }: Words): string {
  return language === 'en' ? english : chinese;
}
