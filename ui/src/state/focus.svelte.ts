/**
 * When a change takes away the control that has the focus, gives it to the first of `next` that is there: a focus
 * that falls back to the page's top is lost to whoever cannot see where it was.
 */
export function passFocusOn(change: () => unknown, ...next: string[]): void {
  let focused: Element | null = null;
  $effect.pre(() => {
    change();
    focused = document.activeElement;
  });
  $effect(() => {
    change();
    if (focused === null || focused.isConnected) return;
    for (const selector of next) {
      const control = document.querySelector<HTMLElement>(selector);
      if (control === null) continue;
      control.focus({ preventScroll: true });
      return;
    }
  });
}
