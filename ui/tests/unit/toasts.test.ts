import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Clip } from '../../src/host/bindings/Clip';
import { Toasts } from '../../src/state/toasts.svelte';

const clip: Clip = { kind: 'cookie', account: 'qqmusic:1', format: 'header', scope: 'full', health: { state: 'healthy' }, seconds: 30, until: '2025-11-21T06:53:30Z' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a note leaves after four seconds, a failure stays', () => {
  const toasts = new Toasts();
  toasts.say(() => 'Renewed.');
  vi.advanceTimersByTime(3999);
  expect(toasts.note?.text()).toBe('Renewed.');
  vi.advanceTimersByTime(1);
  expect(toasts.note).toBeNull();
  toasts.say(() => 'It did not work.', 'bad');
  vi.advanceTimersByTime(60_000);
  expect(toasts.note?.text()).toBe('It did not work.');
});

test('a note waits while it is pointed at', () => {
  const toasts = new Toasts();
  toasts.say(() => 'Renewed.');
  toasts.hold(true);
  vi.advanceTimersByTime(60_000);
  expect(toasts.note).not.toBeNull();
  toasts.hold(false);
  vi.advanceTimersByTime(4000);
  expect(toasts.note).toBeNull();
});

test('the copied cookie is back after a note, until it is cleared', () => {
  const toasts = new Toasts();
  toasts.copied(clip);
  toasts.say(() => 'Renewed.');
  vi.advanceTimersByTime(4000);
  expect(toasts.clip).toEqual(clip);
  expect(toasts.cleared()).toBe(true);
  expect(toasts.clip).toBeNull();
});

test('a toast that was put away does not come back when the same copy is told again', () => {
  const toasts = new Toasts();
  toasts.copied(clip);
  toasts.dismiss();
  toasts.copied(clip);
  expect(toasts.clip).toBeNull();
  expect(toasts.cleared(), 'and its end is not told').toBe(false);
  toasts.copied({ ...clip, until: '2025-11-21T06:55:00Z' });
  expect(toasts.clip, 'a new copy is').not.toBeNull();
});

test('a note that is untrue is not shown, and does not come back when it would be true again', () => {
  const toasts = new Toasts();
  let locked = true;
  toasts.say(() => 'The keychain is locked.', 'bad', () => locked);
  expect(toasts.note).not.toBeNull();
  locked = false;
  expect(toasts.note).toBeNull();
  toasts.sweep();
  locked = true;
  expect(toasts.note).toBeNull();
});

test('what is under way stays until its result is said', () => {
  const toasts = new Toasts();
  toasts.say(() => 'Renewing 3 accounts…', 'busy');
  vi.advanceTimersByTime(60_000);
  expect(toasts.note?.text()).toBe('Renewing 3 accounts…');
  toasts.say(() => '3 renewed.');
  vi.advanceTimersByTime(4000);
  expect(toasts.note).toBeNull();
});
