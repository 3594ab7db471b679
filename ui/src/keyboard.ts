/** Keys: moving through lists and menus, and the window's shortcuts. */

/** The first letters of a shortcut as this system writes them. */
export function modifierLabel(os: string): string {
  return os === 'mac' ? '⌘' : 'Ctrl ';
}

/** Moves the focus through a list with the arrow keys, Home and End; around its ends or only up to them. */
export function step(event: KeyboardEvent, items: HTMLElement[], ends: 'round' | 'stop'): void {
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  const index = ends === 'round' ? (to + items.length) % items.length : Math.min(Math.max(to, 0), items.length - 1);
  items[index]?.focus();
}

/** What the shortcuts do. Each tells whether it did anything; if not, the key keeps its usual meaning. */
export interface Shortcuts {
  add(): boolean;
  settings(): boolean;
  overview(): boolean;
  rename(): boolean;
  /** The account at that place in the list, from 0. */
  account(index: number): boolean;
  copy(): boolean;
  formats(): boolean;
  refresh(): boolean;
  refreshAll(): boolean;
  close(): boolean;
  /** The service at that place, from 0, where one is to be picked. */
  pickService(index: number): boolean;
  newCode(): boolean;
}

/** Whether a key press ends the app. */
export function isQuit({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, mac: boolean): boolean {
  const modified = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  return modified && !altKey && !shiftKey && key.toLowerCase() === 'q';
}

/** Runs the shortcut of a key press, if it is one. `mac` says whether ⌘ stands in for Ctrl. */
export function runShortcut(event: KeyboardEvent, mac: boolean, shortcuts: Shortcuts): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const modified = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey;
  const action = modified
    ? modifiedShortcut(event.key.toLowerCase(), event.shiftKey, shortcuts)
    : plain && plainShortcut(event, shortcuts);
  if (action && action()) event.preventDefault();
}

function modifiedShortcut(key: string, shift: boolean, shortcuts: Shortcuts): (() => boolean) | undefined {
  if (shift) return { c: () => shortcuts.formats(), r: () => shortcuts.refreshAll() }[key];
  if (/^[1-9]$/.test(key)) return () => shortcuts.account(Number(key) - 1);
  return {
    0: () => shortcuts.overview(),
    n: () => shortcuts.add(),
    ',': () => shortcuts.settings(),
    c: () => copyUnlessSelected(shortcuts),
    r: () => shortcuts.refresh(),
  }[key];
}

function plainShortcut(event: KeyboardEvent, shortcuts: Shortcuts): (() => boolean) | undefined {
  if (event.key === 'Escape') return () => shortcuts.close();
  if (event.key === 'F2') return () => shortcuts.rename();
  if (typing(event.target)) return undefined;
  if (/^[1-9]$/.test(event.key)) return () => shortcuts.pickService(Number(event.key) - 1);
  if (event.key.toLowerCase() === 'r') return () => shortcuts.newCode();
  return undefined;
}

/** Text that is selected is what the person means to copy. */
function copyUnlessSelected(shortcuts: Shortcuts): boolean {
  return String(getSelection()) === '' && !typing(document.activeElement) && shortcuts.copy();
}

/** Whether keys pressed there are text. */
function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['radio', 'checkbox', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
