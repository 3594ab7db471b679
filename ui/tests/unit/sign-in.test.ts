import { describe, expect, test } from 'vitest';

import type { Problem } from '../../src/host/bindings/Problem';
import type { SignInStep } from '../../src/host/bindings/SignInStep';
import { NOW, people, scriptOf } from '../../src/host/scenes';
import { ScriptedHost } from '../../src/host/scripted';
import { SignIn, stageOf } from '../../src/state/sign-in.svelte';

const code: SignInStep = { step: 'show_code', code: 'data:,code', valid_until: '2025-11-21T06:55:00Z', life_seconds: 120, problem: null, left_today: null };

function host(signIn: SignInStep[] = []): ScriptedHost {
  return new ScriptedHost(scriptOf({ signIn }, () => NOW, new URLSearchParams()));
}

async function started(scripted: ScriptedHost, last_error?: (problem: Problem) => void): Promise<SignIn> {
  const signIn = new SignIn(scripted, () => NOW, last_error);
  await scripted.subscribe((event) => {
    if (event.kind === 'sign_in') signIn.apply(event.id, event.step);
  });
  await signIn.start('qqmusic', 'qq-scan');
  return signIn;
}

describe('steps', () => {
  test('that come before the number of the sign-in are not lost', async () => {
    const signIn = await started(host([code]));
    expect(signIn.state).toBe('waiting');
    expect(signIn.code?.picture).toBe('data:,code');
  });

  test('of an earlier sign-in are dropped', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    await signIn.start('netease', 'app-scan');
    signIn.apply(1, { step: 'refused' });
    expect(signIn.state).toBe('loading');
    signIn.apply(2, code);
    expect(signIn.state).toBe('waiting');
  });

  test('taken twice change nothing more', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    scripted.step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    expect([signIn.state, signIn.scanner?.nickname]).toEqual(['scanned', 'Lin Jian']);
  });

  test('after a new code forget who scanned the old one', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    scripted.step(code);
    scripted.step({ step: 'exchanging' });
    expect(signIn.scanner).toBeNull();
  });
});

describe('trying again', () => {
  const offline: SignInStep = {
    step: 'failed',
    problem: { code: 'offline', service: 'qqmusic', detail: null, service_message: null },
    alternatives: { next: [], blocked: [] },
  };

  test('goes on with what was confirmed, and keeps who it was', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step({ step: 'scanned', nickname: 'Lin Jian', avatar: null, problem: null });
    scripted.step({ step: 'exchanging' });
    scripted.step(offline);
    const again = signIn.again();
    expect([signIn.state, signIn.scanner?.nickname]).toEqual(['confirming', 'Lin Jian']);
    await again;
  });

  test('starts over when nothing was confirmed', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step(offline);
    const again = signIn.again();
    expect(signIn.state).toBe('loading');
    await again;
  });
});

describe('starting', () => {
  test('that fails is a state like any other, and trying again starts over', async () => {
    const scripted = host();
    scripted.failing.startSignIn = { code: 'offline', service: 'qqmusic', detail: null, service_message: null };
    const signIn = await started(scripted);
    expect(signIn.state).toBe('network');
    scripted.failing = {};
    await signIn.again();
    expect(scripted.calls).toEqual([
      ['startSignIn', 'qqmusic', 'qq-scan', null],
      ['startSignIn', 'qqmusic', 'qq-scan', null],
    ]);
    expect(signIn.state).toBe('loading');
  });

  test('anew when the sign-in that should try again is over', async () => {
    const scripted = host([{ step: 'refused' }]);
    const signIn = await started(scripted);
    scripted.failing.newCode = { code: 'not_found', service: null, detail: null, service_message: null };
    await signIn.again();
    expect(scripted.calls.map(([command]) => command)).toEqual(['startSignIn', 'newCode', 'startSignIn']);
  });
});

describe('leaving', () => {
  test('cancels a sign-in under way', async () => {
    const scripted = host([code]);
    const signIn = await started(scripted);
    signIn.leave();
    expect(scripted.calls.at(-1)).toEqual(['cancelSignIn', 1]);
  });

  test('does not cancel one that is done', async () => {
    const scripted = host([{ step: 'done', account: people.linJian, known: false }]);
    const signIn = await started(scripted);
    signIn.leave();
    expect(scripted.calls).toHaveLength(1);
  });

  test('before the number has come cancels it when it comes', async () => {
    const scripted = host();
    const signIn = new SignIn(scripted, () => NOW);
    const starting = signIn.start('qqmusic', 'qq-scan');
    signIn.leave();
    await starting;
    expect(scripted.calls.at(-1)).toEqual(['cancelSignIn', 1]);
  });
});

describe('answering', () => {
  test('shows at once what takes a while, so that nothing is sent twice', async () => {
    const scripted = host([{ step: 'ask_phone_number', problem: null, wait_until: null }]);
    const signIn = await started(scripted);
    expect(signIn.state).toBe('number');
    signIn.answer({ kind: 'phone_number', country: '86', number: '13800135678' });
    expect(signIn.state).toBe('sending');
    scripted.step({ step: 'ask_text_code', sent_to: '138••••5678', resend_at: '2025-11-21T06:54:00Z', problem: null });
    expect(signIn.sentTo).toBe('138••••5678');
    signIn.answer({ kind: 'text_code', code: '480213' });
    expect([signIn.state, signIn.sentTo]).toEqual(['confirming', '138••••5678']);
  });

  test('that does not reach the program is a failure like any other', async () => {
    const scripted = host([{ step: 'ask_captcha' }]);
    const signIn = await started(scripted);
    scripted.failing.answerSignIn = { code: 'unexpected', service: null, detail: 'gone', service_message: null };
    signIn.answer({ kind: 'captcha_done' });
    await Promise.resolve().then();
    expect([signIn.state, signIn.problem?.detail, signIn.next]).toEqual(['failed', 'gone', []]);
  });

  test('a browser that does not open is said, and the check can still be done', async () => {
    const scripted = host([{ step: 'ask_captcha' }]);
    const told: Problem[] = [];
    const signIn = await started(scripted, (problem) => told.push(problem));
    scripted.failing.openCaptcha = { code: 'unexpected', service: null, detail: 'no browser', service_message: null };
    signIn.openCaptcha();
    await Promise.resolve().then();
    expect([signIn.state, told[0]?.detail]).toEqual(['captcha', 'no browser']);
  });

  test('after leaving asks nothing', async () => {
    const scripted = host([{ step: 'ask_page' }]);
    const signIn = await started(scripted);
    signIn.leave();
    signIn.showPage();
    expect(scripted.calls.map(([command]) => command)).toEqual(['startSignIn', 'cancelSignIn']);
  });
});

test('a masked number and what was recognised are forgotten with what they belong to', async () => {
  const scripted = host();
  const signIn = await started(scripted);
  scripted.step({ step: 'ask_text_code', sent_to: '138••••5678', resend_at: '2025-11-21T06:54:00Z', problem: null });
  scripted.step({ step: 'ask_phone_number', problem: null, wait_until: null });
  expect(signIn.sentTo).toBeNull();
  scripted.step({ step: 'ask_to_go_on', detected: { format: 'har', fields: 9, parts: [], renewable: true } });
  scripted.step({ step: 'exchanging' });
  expect(signIn.detected?.fields, 'shown while it is checked').toBe(9);
  scripted.step({ step: 'ask_paste', problem: null, unusable: null });
  expect(signIn.detected).toBeNull();
});

test('starting over is for the same account', async () => {
  const scripted = host();
  const signIn = await started(scripted);
  await signIn.start('qqmusic', 'phone', people.linJian.id);
  scripted.failing.newCode = { code: 'not_found', service: null, detail: null, service_message: null };
  await signIn.again();
  expect(scripted.calls.at(-1)).toEqual(['startSignIn', 'qqmusic', 'phone', people.linJian.id]);
});

test('the ways that were barred are known for an hour, for their service, whatever comes after', async () => {
  let now = NOW;
  const scripted = host();
  const signIn = new SignIn(scripted, () => now);
  await signIn.start('qqmusic', 'qq-scan');
  signIn.apply(1, { step: 'risk_control', problem: problem('risk_control'), alternatives: { next: [], blocked: ['qq-scan'] } });
  await signIn.start('qqmusic', 'phone');
  signIn.apply(2, { step: 'failed', problem: problem('offline'), alternatives: { next: [], blocked: [] } });
  expect([signIn.blocked('qqmusic'), signIn.blocked('netease')]).toEqual([['qq-scan'], []]);
  now += 60 * 60_000;
  expect(signIn.blocked('qqmusic')).toEqual([]);
});

test('risk control is left alone for ten minutes', async () => {
  const scripted = host([{ step: 'risk_control', problem: problem('risk_control'), alternatives: { next: [], blocked: [] } }]);
  const signIn = await started(scripted);
  expect(signIn.retryAt - NOW).toBe(600_000);
});

test.each([
  ['offline', 'network'],
  ['timeout', 'network'],
  ['untrusted_certificate', 'network'],
  ['name_not_resolved', 'network'],
  ['not_the_service', 'network'],
  ['proxy_refused', 'network'],
  ['proxy_password', 'network'],
  ['proxy_unusable', 'network'],
  ['client_too_old', 'version'],
  ['risk_control', 'risk'],
  ['expired', 'expired'],
  ['refused', 'refused'],
  ['device_limit', 'failed'],
  ['wrong_method', 'failed'],
  ['exchange_lost', 'failed'],
  ['daily_limit', 'failed'],
  ['keychain_locked', 'failed'],
  ['unexpected', 'failed'],
] as const)('a failure by %s shows as %s', (code, state) => {
  expect(stageOf({ step: 'failed', problem: problem(code), alternatives: { next: [], blocked: [] } })).toBe(state);
});

function problem(code: Problem['code']): Problem {
  return { code, service: 'qqmusic', detail: null, service_message: null };
}

describe('a refusal that wants time', () => {
  test.each([
    ['rate_limited', 3],
    ['risk_control', 10],
  ] as const)('%s: trying again waits %i minutes, until the next sign-in', async (problem, minutes) => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step({ step: 'failed', problem: { code: problem, service: 'qqmusic', detail: null, service_message: null }, alternatives: { next: [], blocked: [] } });
    expect(signIn.retryAt).toBe(NOW + minutes * 60_000);
    await signIn.start('qqmusic', 'wechat-scan');
    expect(signIn.retryAt).toBe(0);
  });

  test('what the window itself asked too often waits a minute, as its words say', async () => {
    const scripted = host();
    const signIn = await started(scripted);
    scripted.step({ step: 'failed', problem: { code: 'rate_limited', service: null, detail: null, service_message: null }, alternatives: { next: [], blocked: [] } });
    expect(signIn.retryAt).toBe(NOW + 60_000);
  });
});

test('a check that was called done too early is known as that, once it is asked for again', async () => {
  const scripted = host();
  const signIn = await started(scripted);
  scripted.step({ step: 'ask_captcha' });
  expect(signIn.unfinished).toBe(false);
  signIn.answer({ kind: 'captcha_done' });
  scripted.step({ step: 'ask_captcha' });
  expect(signIn.unfinished).toBe(true);
  scripted.step({ step: 'ask_text_code', sent_to: '138••••0000', resend_at: '2025-11-21T06:55:00Z', problem: null });
  scripted.step({ step: 'ask_captcha' });
  expect(signIn.unfinished, 'another check is a new one').toBe(false);
});

test('what is not heard for a while leaves the code as it is', async () => {
  const scripted = host([code]);
  const signIn = await started(scripted);
  const problem: Problem = { code: 'offline', service: 'qqmusic', detail: null, service_message: null };
  scripted.step({ ...code, problem });
  expect([signIn.state, signIn.code?.picture, signIn.problem?.code]).toEqual(['waiting', 'data:,code', 'offline']);
  scripted.step({ ...code, left_today: 5 });
  expect([signIn.problem, signIn.leftToday]).toEqual([null, 5]);
});
