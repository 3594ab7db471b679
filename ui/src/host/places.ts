/** The deliveries of the scenes. All places in them are invented. */
import type { DeliveryRecord } from './bindings/DeliveryRecord';
import type { DeliveryStatus } from './bindings/DeliveryStatus';
import type { DeliveryTarget } from './bindings/DeliveryTarget';
import type { Problem } from './bindings/Problem';
import { at, problem } from './invented';

/** How a delivery went, and when. */
export const went = (when: string, outcome: DeliveryRecord['outcome'], more: Partial<DeliveryRecord> = {}) =>
  ({ at: at(when), outcome, problem: null, notice: null, ...more }) satisfies DeliveryRecord;

/** A target that has another token by now. */
export const REFUSED: Problem = {
  ...problem('invalid_input', null, 'the target refuses the token'),
  words: { english: 'The target refuses the token or password. Enter it again.', chinese: '目标拒绝了令牌或密码，请重新填写。' },
};

/** The window shows a line of it, which comes with it. */
export const NOWHERE: DeliveryTarget = { kind: 'file', path: '/nowhere', content: { what: 'whole' }, replace: 'atomic', mode: null, owner: null, group: null, then: null };

const delivery = (id: string, preset: string, answers: Record<string, string>, more: Partial<DeliveryStatus>): DeliveryStatus => ({
  id,
  account: 'qqmusic:100000123',
  preset,
  answers,
  label: null,
  enabled: true,
  target: NOWHERE,
  format: 'header',
  scope: 'playing_only',
  last: went('2025-11-20T02:05', 'confirmed'),
  earlier: [went('2025-11-17T16:27', 'confirmed'), went('2025-11-15T20:10', 'confirmed')],
  delivered: null,
  own: null,
  tried: null,
  failures: 0,
  next_try_at: null,
  written: null,
  state: 'delivered',
  summary: answers['path'] ?? answers['url'] ?? preset,
  retry_at: null,
  ...more,
});

/** Where a key goes: to a file that has it, to a server that refuses its token, to a program that is off. */
export const places = {
  meting: delivery('aaaaaaaaa1', 'meting', { path: '/srv/meting/cookie/tencent' }, {}),
  admin: delivery('aaaaaaaaa2', 'meting-admin', { url: 'https://music.example.net:8443', note: 'tunekey', 'plain-http': 'no' }, {
    label: 'NAS in the attic',
    state: 'failing',
    last: went('2025-11-21T14:50', 'failed', { problem: REFUSED }),
    earlier: [
      went('2025-11-21T14:40', 'failed', { problem: REFUSED }),
      went('2025-11-21T14:35', 'failed', { problem: REFUSED }),
      went('2025-11-20T02:05', 'confirmed'),
      went('2025-11-17T16:27', 'confirmed'),
    ],
    failures: 3,
    retry_at: at('2025-11-21T15:04'),
  }),
  env: delivery('aaaaaaaaa3', 'env', { path: '/home/lin/projects/a-bot-with-a-long-name/config/.env', variable: 'QQ_COOKIE' }, {
    enabled: false,
    state: 'off',
    last: went('2025-11-06T13:20', 'sent'),
    earlier: [],
  }),
} satisfies Record<string, DeliveryStatus>;
/** To a program that renews what it was handed over. */
export const handed = delivery('aaaaaaaaa4', 'command', { command: '["/usr/local/bin/music-bot", "--credential", "-"]' }, {
  label: 'music-bot',
  scope: 'renewable',
  state: 'handed_over',
  last: went('2025-11-20T10:00', 'accepted'),
  earlier: [],
  summary: '/usr/local/bin/music-bot',
});
/** To a tool that waits for a sign-in of its own. */
export const own = delivery('aaaaaaaaa5', 'meting-admin', { url: 'https://music.example.net:8443', note: 'tunekey', 'plain-http': 'no' }, {
  label: 'qq01',
  scope: 'own_sign_in',
  state: 'needs_sign_in',
  last: null,
  earlier: [],
});
