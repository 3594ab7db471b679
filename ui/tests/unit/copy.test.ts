import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { capitalised, languageOf, say } from '../../src/copy';
import { isLater } from '../../src/copy/later';
import { words } from '../../src/copy/words';
import { sentences } from '../../src/host/bindings/sentences';
import { deliveries } from '../../src/host/bindings/deliveries';
import { services } from '../../src/host/bindings/services';

/** The texts that services declare, by where they stand. */
function declared(facts: unknown, at: string): [string, readonly [string, string]][] {
  if (typeof facts !== 'object' || facts === null) return [];
  if ('english' in facts && 'chinese' in facts) return [[at, [String(facts.english), String(facts.chinese)]]];
  return Object.entries(facts).flatMap(([key, value]) => declared(value, `${at}.${key}`));
}

/** Every text of the window: its own, the core's and the services'. */
const texts: Record<string, readonly [string, string]> = {
  ...words,
  ...Object.fromEntries(Object.entries(sentences).map(([code, { english, chinese }]) => [code, [english, chinese] as const])),
  ...Object.fromEntries(services.flatMap((facts) => declared(facts, facts.id))),
  ...Object.fromEntries(declared(deliveries, 'deliveries')),
};

describe('texts that come later', () => {
  /** The files that the window starts with: what `main.ts` imports, and what those do. */
  function early(from: string, found = new Set<string>()): Set<string> {
    if (found.has(from)) return found;
    found.add(from);
    for (const [, path = ''] of readFileSync(from, 'utf8').matchAll(/^ *(?:import|export) (?!type ).*?from '(\.[^']+)';$/gm)) {
      const file = join(dirname(from), path);
      const source = [file, `${file}.ts`, `${file}/index.ts`].find((name) => existsSync(name) && /\.(ts|svelte)$/.test(name));
      if (source !== undefined) early(source, found);
    }
    return found;
  }

  test('are said by no view that may be there before them', () => {
    const files = [...early('src/main.ts')].filter((path) => !path.includes('/copy/') && !path.includes('/bindings/'));
    expect(files.length).toBeGreaterThan(50);
    const said = files.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/['"`]([a-z]+\.[a-z$][a-z.$]*)/g)].map(([, key = '']) => [path, key] as const));
    expect(said.filter(([, key]) => isLater(key))).toEqual([]);
    expect(Object.keys(words).filter(isLater).length).toBeGreaterThan(30);
  });
});

describe('values in texts', () => {
  test('a value is put where its name stands', () => {
    expect(say('en', 'pa.checking', { svc: 'QQ Music' })).toBe('Checking with QQ Music…');
    expect(say('en', 'hi.sum', { a: 13, b: 14 })).toBe('13 of 14 succeeded in 30 days');
  });

  test('in Chinese a gap stands between Han and Latin, on both sides of the value', () => {
    expect(say('zh-CN', 'pa.checking', { svc: 'QQ 音乐' })).toBe('正在向 QQ 音乐验证…');
    expect(say('zh-CN', 'side.renews', { t: '21 h' })).toBe('21 h 后续期');
    expect(say('zh-CN', 'to.live', { name: 'Mori', f: 'JSON', n: 30 })).toBe('「Mori」已按「JSON」格式复制，30 秒后清除剪贴板。');
  });

  test('there is no gap between Han and Han, nor beside punctuation or a gap that is there already', () => {
    expect(say('zh-CN', 'step.save', { kc: '系统密钥环' })).toBe('存入系统密钥环');
    expect(say('zh-CN', 'to.about', { name: 'Mori', text: '已续期。' })).toBe('「Mori」：已续期。');
    expect(say('zh-CN', 'b.ver', { v: '0.1.0' })).toBe('版本 0.1.0');
  });

  test('English texts get no gaps of their own', () => {
    expect(say('en', 'qr.success.saved', { name: '林间有风', kc: 'macOS Keychain' })).toBe('林间有风 is saved to macOS Keychain.');
  });

  test('a value that looks like a name of a value is not filled again', () => {
    expect(say('en', 'to.about', { name: '{text}', text: 'renewed.' })).toBe('{text}: renewed.');
  });
});

describe('the list of texts', () => {
  test('both languages say something, and only Chinese uses Chinese punctuation', () => {
    for (const [key, [english, chinese]] of Object.entries(texts)) {
      expect(english.trim(), key).not.toBe('');
      expect(chinese.trim(), key).not.toBe('');
      if (key !== 'g.lang.zh') expect(english, key).not.toMatch(/[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/);
    }
  });

  test('Chinese texts keep a gap between Han and Latin themselves', () => {
    for (const [key, [, chinese]] of Object.entries(texts)) {
      const fixed = chinese.replace(/\u00a0/g, ' ').replace(/\{\w+\}/g, '…');
      expect(fixed, key).not.toMatch(/[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/);
    }
  });

  test('the same thing has one word', () => {
    const [english, chinese] = [0, 1].map((index) => Object.values(texts).map((text) => text[index] ?? '').join('\n'));
    // Renewing is never called refreshing; only what the services call a refresh token is, and what tools call so.
    expect(english?.replace(/[Rr]efresh token|refreshLogin|refresh fields/g, '')).not.toMatch(/refresh/i);
    expect(english).not.toMatch(/check validity|not stated/i);
    expect(chinese).not.toMatch(/检查有效性|未说明/);
    expect(chinese?.replace(/系统密钥环|更换过密钥环|macOS 钥匙串/g, ''), 'the keyring is 系统密钥环 in all places').not.toMatch(/密钥环|钥匙串/);
  });

  test('nothing is promised that this build does not have', () => {
    const all = Object.values(texts).flat().join('\n');
    for (const word of ['推送', 'reveal', '按住', 'Check for updates', '检查更新']) {
      expect(all.toLowerCase()).not.toContain(word.toLowerCase());
    }
  });
});

test('the language follows the locale', () => {
  expect(['zh_CN.UTF-8', 'zh-TW', 'zh'].map(languageOf)).toEqual(['zh-CN', 'zh-CN', 'zh-CN']);
  expect(['en_GB.UTF-8', 'de-DE', 'C', ''].map(languageOf)).toEqual(['en', 'en', 'en', 'en']);
});

test('a name may open a sentence', () => {
  expect(capitalised('the system keyring is locked')).toBe('The system keyring is locked');
  expect(capitalised('系统密钥环已锁定')).toBe('系统密钥环已锁定');
});
