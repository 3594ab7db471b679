import { expect, test } from 'vitest';

import { codeIn, digits, localNumber } from '../../src/format/typed';

test('digits of any width count, and direction marks do not', () => {
  expect(digits('\u202d138 0013 8000\u202c')).toBe('13800138000');
  expect(digits('１３８００１３８０００')).toBe('13800138000');
  expect(digits('＋86')).toBe('86');
});

test('the number may have the code of its country before it, and no other', () => {
  for (const typed of ['13800138000', '+86 138 0013 8000', '＋86 138-0013-8000', '008613800138000', '8613800138000', '\u2066+8613800138000\u2069']) {
    expect(localNumber(typed, '86'), typed).toBe('13800138000');
  }
  expect(localNumber('+852 5123 4567', '852')).toBe('51234567');
  expect(localNumber('+852 5123 4567', '86'), 'it is of another country').toBeNull();
});

test('the code is found in the whole message', () => {
  for (const [message, code] of [
    ['【网易云音乐】您的验证码是1234，10分钟内有效。', '1234'],
    ['【网易云音乐】验证码：123456，30分钟内有效，请勿泄露。', '123456'],
    ['【腾讯科技】123456是您的验证码，请于5分钟内填写', '123456'],
    ['【腾讯科技】验证码：１２３４５６，请勿转发', '123456'],
    ['\u200e【网易】校验码 \u2068654321\u2069（10分钟内有效）', '654321'],
    ['Your NetEase verification code is 123456. It expires in 10 minutes.', '123456'],
    ['123456 is your verification code', '123456'],
    ['2026-11-25 10:00 【网易云音乐】验证码 8888，如有疑问请致电 400-888-8888', '8888'],
    ['验证码是什么，请告诉我', ''],
    ['验证码 1234 还是验证码 5678', ''],
  ] as const) {
    expect(codeIn(message), message).toBe(code);
  }
});

test('what is being typed stays as it is', () => {
  for (const [typed, code] of [['1', '1'], ['12 34', '1234'], ['123-456', '123456'], ['１２', '12'], ['12a', '12'], ['', '']] as const) {
    expect(codeIn(typed), typed).toBe(code);
  }
});
