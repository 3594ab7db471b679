import { expect, test } from 'vitest';

import { know } from '../../src/copy/services';
import { services } from '../../src/host/bindings/services';
import { say, type Say } from '../../src/copy';
import { learn } from '../../src/copy/sentences';
import { sentences } from '../../src/host/bindings/sentences';
import { failedSignIn, problemSays, saysTheSame } from '../../src/format/problem';
import type { ProblemCode } from '../../src/host/bindings/ProblemCode';

know(services);

learn(sentences);

const english: Say = (key, ...values) => say('en', key, ...values);
const chinese: Say = (key, ...values) => say('zh-CN', key, ...values);

const BARRING: ProblemCode[] = ['risk_control', 'client_too_old', 'device_limit', 'wrong_method', 'rate_limited', 'daily_limit'];

test.each(BARRING)('%s says who refused and that the account is fine, in both languages', (code) => {
  const problem = { code, service: 'netease', detail: null, service_message: null } as const;
  const { title, body } = failedSignIn(english, problem);
  expect(title + body).toContain('NetEase Cloud Music');
  expect(body).toContain('Your account is fine');
  const inChinese = failedSignIn(chinese, problem);
  expect(inChinese.title + inChinese.body).toContain('网易云音乐');
  expect(inChinese.body).toContain('账号本身没有问题');
});

test('the service’s own words stand under Details where ours say the same, and before ours where they say more', () => {
  const said = '操作频繁，请稍候再试';
  for (const code of ['rate_limited', 'risk_control', 'rejected', 'device_limit'] as const) {
    const problem = { code, service: 'netease', detail: null, service_message: said } as const;
    expect(failedSignIn(english, problem).body, code).not.toContain(said);
    expect(problemSays(english, problem), code).not.toContain(said);
    expect(saysTheSame(problem), code).toBe(true);
  }
  const { body } = failedSignIn(english, { code: 'restricted', service: 'qqmusic', detail: null, service_message: '账号异常' });
  expect(body).toMatch(/^The service says: “账号异常” /);
});

test('a lost last step says that it broke and that a new scan is needed, in both languages', () => {
  const problem = { code: 'exchange_lost', service: 'qqmusic', detail: null, service_message: null } as const;
  const { title, body } = failedSignIn(english, problem);
  expect(title).toBe('This sign-in didn’t work');
  expect(body).toContain('scan again');
  const inChinese = failedSignIn(chinese, problem);
  expect(inChinese.title).toBe('这次登录没有成功');
  expect(inChinese.body).toContain('再扫一次');
});

const CAUSES: ProblemCode[] = [
  'offline', 'timeout', 'untrusted_certificate', 'no_authorities', 'extra_ca_unusable', 'name_not_resolved', 'not_the_service',
  'server_error', 'proxy_unreachable', 'proxy_refused', 'proxy_password', 'proxy_unusable', 'profile_unreadable', 'ledger_damaged',
  'ledger_set_aside', 'ledger_newer', 'profile_busy', 'locks_unusable', 'profile_read_only', 'profile_not_private',
  'disk_full',
];

test.each([english, chinese])('every cause has words of its own', (say) => {
  const said = CAUSES.map((code) => problemSays(say, { code, service: 'netease', detail: null, service_message: null }));
  expect(new Set(said).size).toBe(CAUSES.length);
});

test('a problem that names something says it in the window’s language', () => {
  const words = { english: 'all_proxy names none.', chinese: 'all_proxy 无法使用。' };
  const problem = { code: 'proxy_unusable', service: null, detail: null, service_message: null, words } as const;
  expect(problemSays(english, problem)).toBe(words.english);
  expect(problemSays(chinese, problem)).toBe(words.chinese);
});

test('what has no title of its own did not work', () => {
  const { title } = failedSignIn(english, { code: 'cancelled', service: null, detail: null, service_message: null });
  expect(title).toBe('This sign-in didn’t work');
});
