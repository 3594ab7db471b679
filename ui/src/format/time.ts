/** Moments and spans as people read them, in the window's language and the person's region. */
import { say, type Language } from '../copy';

export const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Longest span that is worth two units: beyond it the smaller one tells nothing. */
const TWO_UNITS = 3 * DAY;

/** In which language and by which region's customs to write. */
export interface Region {
  language: Language;
  /** A BCP 47 tag of that language, such as `en-GB`. */
  locale: string;
}

/** The region for a language: the system's own when it speaks that language, else the language's largest. */
export function regionOf(language: Language, systemLocale: string): Region {
  const tag = systemLocale.replace(/[.@].*$/, '').replace(/_/g, '-');
  const speaks = tag.toLowerCase().startsWith(language === 'zh-CN' ? 'zh' : 'en');
  return { language, locale: speaks && known(tag) ? tag : language === 'zh-CN' ? 'zh-CN' : 'en-US' };
}

const DAY_AND_MONTH: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** A moment with its clock time: `Nov 20, 02:05`, with the year when it is not this one. */
export function dateTime(region: Region, at: Date, now: Date): string {
  return written(region, at, { ...yearUnless(at, now), ...DAY_AND_MONTH, ...CLOCK });
}

/** A day with its year: `Mar 14, 2026`. */
export function day(region: Region, at: Date): string {
  return written(region, at, { year: 'numeric', ...DAY_AND_MONTH });
}

/** A moment inside a sentence: `today 15:00`, `tomorrow 11:41`, else the date. */
export function moment(region: Region, at: Date, now: Date): string {
  const away = daysUntil(at, now);
  if (away === 0 || away === 1) return say(region.language, away === 0 ? 'day.today' : 'day.tomorrow', { t: clock(region, at) });
  return dateTime(region, at, now);
}

/** A moment that has been, as short as it is understood: `10:29` when that was today, else the date. */
export function past(region: Region, at: Date, now: Date): string {
  return daysUntil(at, now) === 0 ? clock(region, at) : dateTime(region, at, now);
}

/** An end: its clock time when that is today or tomorrow, else the day, `Nov 28`. */
export function end(region: Region, at: Date, now: Date): string {
  const away = daysUntil(at, now);
  if (away === 0 || away === 1) return moment(region, at, now);
  return written(region, at, { ...yearUnless(at, now), ...DAY_AND_MONTH });
}

/** A moment on its own: `Today 15:00`, else the date. */
export function momentAlone(region: Region, at: Date, now: Date): string {
  return daysUntil(at, now) === 0
    ? say(region.language, 'day.today.cell', { t: clock(region, at) })
    : dateTime(region, at, now);
}

/** A span in up to two units, rounded down: `20 h 48 min`, `1 d 11 h`, `27 d`. Never less than a minute. */
export function longSpan({ language }: Region, milliseconds: number): string {
  const span = Math.abs(milliseconds);
  const days = Math.floor(span / DAY);
  const hours = Math.floor((span % DAY) / HOUR);
  const minutes = Math.floor((span % HOUR) / MINUTE);
  if (span >= TWO_UNITS || (days > 0 && hours === 0)) return say(language, 'u.d', { n: days });
  if (days > 0) return say(language, 'u.dh', { d: days, h: hours });
  if (hours > 0 && minutes === 0) return say(language, 'u.h', { n: hours });
  if (hours > 0) return say(language, 'u.hmin', { h: hours, m: minutes });
  return say(language, 'u.min', { n: Math.max(1, minutes) });
}

/** Seconds as a countdown: `1:42`. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, '0')}`;
}

/** How many midnights lie between now and then; negative when it is past. */
export function daysUntil(at: Date, now: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(at) - midnight(now)) / DAY);
}

function clock(region: Region, at: Date): string {
  return written(region, at, CLOCK);
}

function yearUnless(at: Date, now: Date): Intl.DateTimeFormatOptions {
  return at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' };
}

/** A date that no line end takes apart: `11月28日` is one word, and its clock time stays beside it. */
function written(region: Region, at: Date, options: Intl.DateTimeFormatOptions): string {
  return unbroken(formatter(region, options).format(at));
}

/** A text that stays on one line, by no-break spaces and by word joiners between digits and Han. */
export function unbroken(text: string): string {
  return text.replace(/ /g, '\u00a0').replace(/[年月日](?=\d)|\d(?=[年月日])/g, '$&\u2060');
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a hundred times what using one does, and the clock ticks every second. */
function formatter({ locale }: Region, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let made = formatters.get(key);
  if (made === undefined) formatters.set(key, (made = new Intl.DateTimeFormat(locale, options)));
  return made;
}

function known(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false; // Not a tag at all, as the POSIX locale `C` could be.
  }
}
