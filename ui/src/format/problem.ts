/** Problems in words, in the window's language of the moment. */
import type { CopyKey, Language, Say } from '../copy';
import { sentence, wordsIn } from '../copy/sentences';
import { serviceName } from '../copy/services';
import type { Problem } from '../host/bindings/Problem';
import type { ProblemCode } from '../host/bindings/ProblemCode';
import type { ServiceId } from '../host/bindings/ServiceId';

/** What to tell the person, with the next step, and the service's own words where they tell more. */
export function problemSays(say: Say, problem: Problem): string {
  if (problem.words) {
    return withSaid(say, wordsIn(say('language') as Language, problem.words), problem);
  }
  const here = problem.code === 'unexpected' && problem.service === null;
  return withSaid(say, here ? say('p.here') : codeSays(say, problem.code, problem.service), problem);
}

/** What to tell the person of a kind of problem, with the next step. */
export function codeSays(say: Say, code: ProblemCode, service: ServiceId | null): string {
  return sentence(say('language') as Language, code, named(say, service)) || say('p.here');
}

/**
 * What went wrong the last time, beside an account. Accounts are on screen only while the keychain can be used: that it
 * could not be is past.
 */
export function problemSaid(say: Say, problem: Problem): string {
  const past = (['keychain_locked', 'keychain_unavailable', 'keychain_denied'] satisfies ProblemCode[] as ProblemCode[]).includes(problem.code);
  return past ? say('ac.trouble.keychain') : problemSays(say, problem);
}

/** What to call a sign-in that failed that way; the rest just did not work. */
const TITLES: Partial<Record<ProblemCode, CopyKey>> = {
  offline: 'qr.network',
  name_not_resolved: 'qr.network',
  not_the_service: 'qr.network',
  server_error: 'qr.network',
  untrusted_certificate: 'p.untrusted_certificate.t',
  no_authorities: 'p.untrusted_certificate.t',
  extra_ca_unusable: 'p.untrusted_certificate.t',
  proxy_unreachable: 'p.proxy.t',
  proxy_refused: 'p.proxy.t',
  proxy_password: 'p.proxy.t',
  proxy_unusable: 'p.proxy.t',
  timeout: 'qr.network',
  risk_control: 'qr.risk',
  client_too_old: 'qr.version',
  rejected: 'p.rejected.t',
  rate_limited: 'p.rate_limited.t',
  device_limit: 'p.device_limit.t',
  wrong_method: 'p.wrong_method.t',
  foreign_code: 'p.foreign_code.t',
  daily_limit: 'p.daily_limit.t',
  restricted: 'p.restricted.t',
  keychain_locked: 'p.keychain.t',
  keychain_unavailable: 'p.keychain.t',
  keychain_denied: 'p.keychain.t',
  profile_unreadable: 'p.keychain.t',
  ledger_damaged: 'p.keychain.t',
  ledger_newer: 'p.keychain.t',
  profile_busy: 'p.keychain.t',
  locks_unusable: 'p.keychain.t',
  profile_read_only: 'p.keychain.t',
  profile_not_private: 'p.keychain.t',
  disk_full: 'p.keychain.t',
};

/** Title and body for a sign-in that failed. */
export function failedSignIn(say: Say, problem: Problem): { title: string; body: string } {
  return {
    title: say((TITLES[problem.code] ?? 'qr.failed') as 'qr.risk', { svc: named(say, problem.service) }),
    // What to do about risk control is a list beside it.
    body: problem.code === 'risk_control' ? withSaid(say, say('qr.risk.b'), problem) : problemSays(say, problem),
  };
}

/** What a service says for people to read tells why; where we say why ourselves, it only says the same again. */
const TELLS_MORE: readonly ProblemCode[] = ['restricted', 'invalid_input', 'unexpected'];

/** Whether our words for a problem leave nothing for the service's own to add. */
export function saysTheSame({ code }: Problem): boolean {
  return !TELLS_MORE.includes(code);
}

/** A text, after what the service said for people to read, if that says more. */
function withSaid(say: Say, text: string, problem: Problem): string {
  if (problem.service_message === null || saysTheSame(problem)) return text;
  return say('p.said', { s: problem.service_message }) + (/[\u4e00-\u9fff]/.test(text) ? '' : ' ') + text;
}

function named(say: Say, service: ServiceId | null): string {
  return service === null ? say('p.somebody') : serviceName(say, service);
}
