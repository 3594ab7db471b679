/** Problems in words. The core has its own words for the command line; here they follow the window's language live. */
import type { CopyKey, Say } from '../copy';
import type { Problem } from '../host/bindings/Problem';
import type { ServiceId } from '../host/bindings/ServiceId';

/** What to tell the person, with the next step, and the service's own words if it sent some. */
export function problemSays(say: Say, problem: Problem): string {
  return withSaid(say, say(`p.${problem.code}`, { svc: serviceName(say, problem.service) }), problem);
}

/** A text, followed by what the service said for people to read. */
export function withSaid(say: Say, text: string, { said }: Problem): string {
  if (said === null) return text;
  return text + (/[\u4e00-\u9fff]/.test(text) ? '' : ' ') + say('p.said', { s: said });
}

/** Title and body for a sign-in that failed in a way that has no stage of its own. */
export function failedSignIn(say: Say, problem: Problem): { title: string; body: string } {
  const svc = serviceName(say, problem.service);
  const own = (title: CopyKey & `p.${string}.t`): { title: string; body: string } => ({
    title: say(title as 'p.restricted.t', { svc }),
    body: withSaid(say, say(`p.${problem.code}`, { svc }), problem),
  });
  switch (problem.code) {
    case 'rate_limited':
      return own('p.rate_limited.t');
    case 'device_limit':
      return own('p.device_limit.t');
    case 'restricted':
      return own('p.restricted.t');
    case 'keychain_locked':
    case 'keychain_unavailable':
    case 'keychain_denied':
    case 'profile_unreadable':
      return own('p.keychain.t');
    case 'offline':
    case 'timeout':
    case 'rejected':
    case 'risk_control':
    case 'expired':
    case 'refused':
    case 'client_too_old':
    case 'not_found':
    case 'invalid_input':
    case 'cancelled':
    case 'unexpected':
      return { title: say('qr.failed'), body: withSaid(say, say('qr.failed.b', { svc }), problem) };
  }
}

function serviceName(say: Say, service: ServiceId | null): string {
  return service === null ? say('p.somebody') : say(`svc.${service}`);
}
