import { beforeAll, describe, expect, test } from 'vitest';

import { countdown, dateTime, day, daysUntil, end, longSpan, moment, momentAlone, past, regionOf } from '../../src/format/time';

const EN = regionOf('en', 'en_US.UTF-8');
const ZH = regionOf('zh-CN', 'zh_CN.UTF-8');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

beforeAll(() => {
  process.env['TZ'] = 'Asia/Shanghai';
});

/** The text without what keeps its line from ending inside it. */
const plain = (text: string) => text.replace(/\u00a0/g, ' ').replace(/\u2060/g, '');
const at = (text: string) => new Date(`${text}+08:00`);
const now = at('2025-11-21T14:53:00');

describe('a span in two units', () => {
  test.each([
    [0, '1 min', '1 分钟'],
    [59 * MINUTE + 59_999, '59 min', '59 分钟'],
    [HOUR, '1 h', '1 小时'],
    [20 * HOUR + 48 * MINUTE, '20 h 48 min', '20 小时 48 分'],
    [DAY, '1 d', '1 天'],
    [DAY + 12 * HOUR, '1 d 12 h', '1 天 12 小时'],
    [3 * DAY + 5 * HOUR, '3 d', '3 天'],
    [171 * DAY, '171 d', '171 天'],
  ])('%i ms is %s', (span, english, chinese) => {
    expect(plain(longSpan(EN, span))).toBe(english);
    expect(plain(longSpan(ZH, span))).toBe(chinese);
  });
});

describe('a moment', () => {
  test('is today, tomorrow or a date', () => {
    expect(plain(moment(EN, at('2025-11-21T15:00:00'), now))).toBe('today 15:00');
    expect(plain(moment(ZH, at('2025-11-21T15:00:00'), now))).toBe('今天 15:00');
    expect(plain(moment(EN, at('2025-11-22T00:05:00'), now))).toBe('tomorrow 00:05');
    expect(plain(moment(EN, at('2025-11-23T02:05:00'), now))).toBe('Nov 23, 02:05');
    expect(plain(moment(ZH, at('2025-11-23T02:05:00'), now))).toBe('11月23日 02:05');
  });

  test('on its own starts with a capital letter and says a date from tomorrow on', () => {
    expect(plain(momentAlone(EN, at('2025-11-21T15:00:00'), now))).toBe('Today 15:00');
    expect(plain(momentAlone(EN, at('2025-11-22T11:41:00'), now))).toBe('Nov 22, 11:41');
  });

  test('carries its year when that is not this one', () => {
    expect(plain(dateTime(EN, at('2026-01-30T20:10:00'), now))).toBe('Jan 30, 2026, 20:10');
    expect(plain(day(EN, at('2026-03-14T12:00:00')))).toBe('Mar 14, 2026');
    expect(plain(day(ZH, at('2026-03-14T12:00:00')))).toBe('2026年3月14日');
  });

  test('midnights count, not hours', () => {
    expect(daysUntil(at('2025-11-22T00:01:00'), at('2025-11-21T23:59:00'))).toBe(1);
    expect(daysUntil(at('2025-11-21T00:01:00'), at('2025-11-21T23:59:00'))).toBe(0);
    expect(daysUntil(at('2025-11-20T23:59:00'), at('2025-11-21T00:01:00'))).toBe(-1);
  });
});

test('a moment that has been, and an end, say no more than is needed', () => {
  expect(past(EN, at('2025-11-21T10:29:00'), now)).toBe('10:29');
  expect(plain(past(EN, at('2025-11-20T10:29:00'), now))).toBe('Nov 20, 10:29');
  expect(plain(end(EN, at('2025-11-28T10:29:00'), now))).toBe('Nov 28');
  expect(plain(end(ZH, at('2025-11-28T10:29:00'), now))).toBe('11月28日');
  expect(plain(end(EN, at('2025-11-22T05:46:00'), now))).toBe('tomorrow 05:46');
  expect(plain(end(EN, at('2026-01-30T05:46:00'), now))).toBe('Jan 30, 2026');
});

test('no line ends inside a date or a span', () => {
  for (const region of [EN, ZH]) {
    for (const text of [dateTime(region, at('2026-11-28T10:40:00'), now), day(region, at('2026-11-28T10:40:00')), moment(region, at('2025-11-22T05:46:00'), now), longSpan(region, 20 * HOUR + MINUTE)]) {
      expect(text).not.toMatch(/ /);
      expect(text, 'a digit and a Han character are held together').not.toMatch(/\d[年月日]|[年月日]\d/);
    }
  }
});

test('a countdown shows minutes and seconds and stops at nothing', () => {
  expect([102, 60, 9.2, 0.1, 0, -5].map(countdown)).toEqual(['1:42', '1:00', '0:10', '0:01', '0:00', '0:00']);
});

test('dates follow the region when the system speaks the language of the window', () => {
  expect(plain(dateTime(regionOf('en', 'en_GB.UTF-8'), at('2025-11-20T02:05:00'), now))).toBe('20 Nov, 02:05');
  expect(regionOf('en', 'zh_CN.UTF-8').locale).toBe('en-US');
  expect(regionOf('zh-CN', 'en_GB').locale).toBe('zh-CN');
  expect(regionOf('en', 'en_US@euro').locale).toBe('en-US');
  expect(regionOf('en', 'en_not_a_locale_at_all').locale).toBe('en-US');
});
