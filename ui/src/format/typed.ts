/** What people type or paste where a number is wanted: digits of any width, direction marks, whole messages. */

/** What messages call the code that they bring. */
const CODE_WORDS = /验证码|校验码|動態碼|动态码|驗證碼|激活码|登录码|code|otp/gi;

/** How much may stand between that word and the code, in characters. */
const WIDEST_GAP = 12;

/** The text with ASCII digits and signs, and without what shows nothing. */
export function plain(text: string): string {
  return text
    .replace(/[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, '')
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[\u00a0\u3000]/g, ' ');
}

/** Its digits alone. */
export function digits(text: string): string {
  return plain(text).replace(/\D/g, '');
}

/** The number within a country, also when its code stands before it; `null` when that is another country's. */
export function localNumber(text: string, country: string): string | null {
  const typed = plain(text).replace(/[\s().·-]/g, '');
  const abroad = /^(?:\+|00)(.*)$/.exec(typed)?.[1];
  if (abroad !== undefined) return abroad.startsWith(country) ? digits(abroad.slice(country.length)) : null;
  // Mainland numbers have 11 digits, so that 86 and 11 more can only be one with its country.
  return country === '86' && /^86\d{11}$/.test(typed) ? typed.slice(2) : digits(typed);
}

/** The code in what was typed, or in the whole message that was pasted; its digits so far while it is being typed. */
export function codeIn(text: string): string {
  const typed = plain(text);
  if (!/[^\d\s-]/.test(typed) || typed.length <= 8) return digits(typed);
  const numbers = [...typed.matchAll(/(?<![\w/.*+]|\w:)\d{4,8}(?![\w/:*]|\.\d|[年月日元])/g)].map(({ 0: number, index }) => ({
    number,
    start: index,
    end: index + number.length,
  }));
  const near = [...typed.matchAll(CODE_WORDS)].flatMap(({ 0: word, index }) => {
    const end = index + word.length;
    const behind = numbers.find(({ start }) => start >= end && start - end <= WIDEST_GAP);
    const before = numbers.filter((number) => number.end <= index && index - number.end <= WIDEST_GAP * 2).at(-1);
    const saysSo = before !== undefined && /^\s*(?:是|为|is)/.test(typed.slice(before.end));
    const found = saysSo ? before : (behind ?? before);
    return found === undefined ? [] : [found.number];
  });
  const found = near.length > 0 ? near : numbers.map(({ number }) => number);
  return new Set(found).size === 1 ? (found[0] ?? '') : '';
}
