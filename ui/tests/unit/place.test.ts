import { expect, test } from 'vitest';

import { recalled, remembered, type Place } from '../../src/state/place';

test.each<Place>([
  { view: 'accounts', account: null },
  { view: 'accounts', account: 'qqmusic:1152921504600000042' },
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
