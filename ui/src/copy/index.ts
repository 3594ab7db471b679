import { words, type Names } from './words';

/** A language that TuneKey speaks. */
export type Language = 'en' | 'zh-CN';

/** The name of a text. */
export type CopyKey = keyof typeof words;

/** The values that a text needs; texts without any need no second argument. */
export type Values<K extends CopyKey> = [Names<(typeof words)[K][0]>] extends [never]
  ? []
  : [values: Record<Names<(typeof words)[K][0]>, string | number>];

/** Says a text in a language. */
export type Say = <K extends CopyKey>(key: K, ...values: Values<K>) => string;

/** The text of that name in that language, with its values put in. */
export function say<K extends CopyKey>(language: Language, key: K, ...[values]: Values<K>): string {
  const text: string = words[key][language === 'zh-CN' ? 1 : 0];
  return values === undefined ? text : fill(language, text, values as Record<string, string | number>);
}

/** The language for a locale name such as `zh_CN.UTF-8` or `en-GB`. */
export function languageOf(locale: string): Language {
  return locale.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The sentence with a capital first letter, for names that may open it (“the system keyring is locked”). */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const HAN = /[\u4e00-\u9fff]/;

/** Puts values in; in Chinese with a gap where a value's Latin letter or digit comes to stand next to a Han character. */
export function fill(language: Language, text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
    const value = String(values[name] ?? '');
    if (language === 'en') return value;
    const before = HAN.test(text.charAt(at - 1)) && /^\w/.test(value) ? ' ' : '';
    const after = HAN.test(text.charAt(at + name.length + 2)) && /\w$/.test(value) ? ' ' : '';
    return before + value + after;
  });
}
