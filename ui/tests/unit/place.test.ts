import { expect, test } from 'vitest';

import { recalled, recalledOrder, remembered, type Place } from '../../src/state/place';

test.each<Place>([
  { view: 'accounts', account: null },
  { view: 'accounts', account: 'qqmusic:1152921504600000042' },
  { view: 'overview' },
  { view: 'settings', tab: 'network' },
])('$view is found again', (place) => {
  expect(recalled(remembered(place))).toEqual(place);
});

test('adding an account is not resumed by itself', () => {
  expect(recalled(remembered({ view: 'add', way: { service: 'netease', method: 'app-scan' } }))).toEqual({ view: 'accounts', account: null });
});

test.each([null, '', 'settings', 'settings/deliveries', 'add/qqmusic', 'nonsense'])('%j leads to the accounts', (text) => {
  expect(recalled(text)).toEqual({ view: 'accounts', account: null });
});

test('the order of the accounts is remembered with the place', () => {
  const place: Place = { view: 'accounts', account: 'qqmusic:1' };
  expect(remembered(place), 'the usual one needs no word').toBe('accounts/qqmusic:1');
  const text = remembered(place, 'attention');
  expect([recalled(text), recalledOrder(text)]).toEqual([place, 'attention']);
  expect(recalledOrder('accounts/qqmusic:1?nonsense')).toBe('added');
  expect(recalledOrder(null)).toBe('added');
});
