import type { Clip } from '../host/bindings/Clip';

/** How long a note about something that went well stays, in milliseconds. Failures stay until put away or untrue. */
const NOTE_LIFE = 4000;

/** A short note at the foot of the content. */
export interface Note {
  /** Says it, in the language and with the names of the moment. */
  text: () => string;
  /** `busy` stays until something else is said: it is under way. */
  tone: 'ok' | 'bad' | 'busy';
  /** Whether it is still true, and in its place. It is gone for good as soon as it is not. */
  holds: () => boolean;
}

/** The one toast on screen: a note while there is one, else what of ours is on the clipboard. */
export class Toasts {
  #clip = $state.raw<Clip | null>(null);
  #note = $state.raw<Note | null>(null);
  #hidden = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;

  /** The note, if there is one that still holds. */
  get note(): Note | null {
    return this.#note?.holds() ? this.#note : null;
  }

  /** The cookie on the clipboard, unless its toast was put away. */
  get clip(): Clip | null {
    return this.#hidden ? null : this.#clip;
  }

  /** Says something. */
  say(text: () => string, tone: Note['tone'] = 'ok', holds = () => true): void {
    this.#note = { text, tone, holds };
    this.#held = false;
    this.#countDown();
  }

  /** Drops a note that does not hold any more, so that it does not come back when it would again. */
  sweep(): void {
    if (this.#note !== null && this.note === null) this.#note = null;
  }

  /** A cookie is on the clipboard. Saying the same again changes nothing. Tells whether it is news. */
  copied(clip: Clip): boolean {
    if (this.#clip !== null && this.#clip.until === clip.until) return false;
    this.#clip = clip;
    this.#hidden = false;
    this.#note = null;
    return true;
  }

  /** It is not there any more. Tells whether the person had the toast before them. */
  cleared(): boolean {
    const seen = this.clip !== null;
    this.#clip = null;
    this.#hidden = false;
    return seen;
  }

  /** Puts the toast on screen away. The clipboard is cleared all the same. */
  dismiss(): void {
    if (this.note !== null) this.#note = null;
    else this.#hidden = true;
  }

  /** The person points at the toast or has the focus in it: it waits. */
  hold(held: boolean): void {
    this.#held = held;
    this.#countDown();
  }

  #countDown(): void {
    clearTimeout(this.#timer);
    if (this.#held || this.#note?.tone !== 'ok') return;
    this.#timer = setTimeout(() => {
      this.#note = null;
    }, NOTE_LIFE);
  }
}
