/** Speaks to screen readers through the two live regions of the document, which exist from the start. */
export interface Announcer {
  /** Progress: said when the reader pauses. */
  polite(text: string): void;
  /** A failure: said at once. */
  assertive(text: string): void;
}

/** A region must be seen empty before a text that was said before is read again. */
const PAUSE = 60;

/** The announcer of the document. */
export function announcer(): Announcer {
  return { polite: speaker('live'), assertive: speaker('alert') };
}

function speaker(id: string): (text: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (text) => {
    const region = document.getElementById(id);
    if (region === null) return;
    clearTimeout(timer);
    region.textContent = '';
    timer = setTimeout(() => {
      region.textContent = text;
    }, PAUSE);
  };
}
