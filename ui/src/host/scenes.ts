/** Scenes for the scripted host. All names, ids and pictures are invented; “now” is 21 November 2025, 14:53 in Shanghai. */
import { deliveries as deliveryFacts } from './bindings/deliveries';
import { sentences, sentencesOfDatabase } from './bindings/sentences';
import { services } from './bindings/services';
import type { Account } from './bindings/Account';
import type { Channel } from './bindings/Channel';
import type { Method } from './bindings/Method';
import type { Alternatives } from './bindings/Alternatives';
import type { DeliveryStatus } from './bindings/DeliveryStatus';
import type { Light } from './bindings/Light';
import type { Problem } from './bindings/Problem';
import type { Detected } from './bindings/Detected';
import type { Proof } from './bindings/Proof';
import type { RenewalRecord } from './bindings/RenewalRecord';
import type { ServiceFacts } from './bindings/ServiceFacts';
import type { ServiceId } from './bindings/ServiceId';
import type { SignInStep } from './bindings/SignInStep';
import type { Tier } from './bindings/Tier';
import type { TierStatus } from './bindings/TierStatus';
import type { Unusable } from './bindings/Unusable';
import type { WarningReason } from './bindings/WarningReason';
import type { Place } from '../state/place';

import { used, visits } from './api-scenes';
import { at, problem } from './invented';
import { handed, own, places, REFUSED, went } from './places';
import { offered, type Script } from './scripted';
import { TAKEN } from './scripted-api';

/** The moment at which every scene plays. */
export const NOW = Date.parse('2025-11-21T14:53:00+08:00');

/** What there is in the desktop app. */
const SERVICES = services.map(offered);

/** What a scene changes about the ordinary state of things. */
export interface Scene extends Partial<Pick<Script, 'signIn' | 'keychainAfterRetry' | 'signOutConfirmed' | 'reach' | 'delivered' | 'api' | 'visits'>> {
  accounts?: Account[];
  services?: Script['services'];
  snapshot?: Partial<Script['snapshot']>;
  settings?: Partial<Script['snapshot']['settings']>;
  notifications?: Partial<Script['snapshot']['notifications']>;
  preferences?: Partial<Script['preferences']>;
  /** Where the window opens: as it would have been remembered. */
  at?: string;
  deliveries?: DeliveryStatus[];
  /** The place that is gone to when the scene begins, where it is none that is remembered. */
  go?: Place;
  /** A sign-in that is under way when the scene begins. */
  add?: ServiceId;
  /** In which way, unless the best. */
  method?: Method;
  /** The account that is to be signed in again. */
  wanted?: string;
}

const picture = (drawing: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">${drawing}</svg>`)}`;

/** The accounts’ pictures, by what names them. */
export const pictures = {
  mountains: picture(
    '<rect width="40" height="40" fill="#c9dbd3"/><circle cx="28" cy="13" r="5" fill="#f4efe0"/><path d="M0 30 12 17l9 9 6-6 13 13v7H0Z" fill="#5f8f7d"/><path d="M0 34l10-7 10 7 8-5 12 7v4H0Z" fill="#31594b"/>',
  ),
  sprout: picture(
    '<rect width="40" height="40" fill="#efdcc0"/><path d="M20 34V16" stroke="#7c5a2b" stroke-width="2"/><path d="M20 22c-8 0-9-8-9-8s8-1 9 8ZM20 18c0-8 8-9 8-9s2 9-8 9Z" fill="#9a7a35"/>',
  ),
  rings: picture(
    '<rect width="40" height="40" fill="#3a4062"/><circle cx="20" cy="20" r="12" fill="none" stroke="#7d86b5" stroke-width="2"/><circle cx="20" cy="20" r="7" fill="none" stroke="#aab1d8" stroke-width="2"/><circle cx="20" cy="20" r="2.5" fill="#e9ebf7"/>',
  ),
};

const ok = (when: string, trigger: RenewalRecord['trigger'] = 'automatic', outcome: RenewalRecord['outcome'] = 'renewed') =>
  ({ at: at(when), outcome, trigger, problem: null }) satisfies RenewalRecord;

const tier = (tier: Tier, active: boolean, until: string | null) =>
  ({ tier, active, until: until === null ? null : at(`${until}T23:59`) }) satisfies TierStatus;

/** What a service has shown: of the account alone, or of the account and the key. */
const light = (kind: Light['kind'], when: string, call: Proof['call'], is_current = true) =>
  ({ kind, proof: { at: at(when), call, is_current } }) satisfies Light;

/** A way to somebody's phone, with how the last message went. */
const channel = (kind: Channel['kind'], label: string | null, host: string, last: Channel['last']): Channel => ({
  id: `${kind}00000`,
  kind,
  label,
  enabled: true,
  language: 'english',
  open: {},
  secrets: [],
  host,
  allows_plain_http: false,
  last,
});

const TIMEOUT = problem('timeout', 'qqmusic', 'renewing the key: no answer within 10 s');

/** Nov 20 back to Oct 23: fourteen, one of which failed. */
const RENEWALS: RenewalRecord[] = [
  ok('2025-11-20T02:05'),
  ok('2025-11-19T09:12', 'manual', 'unchanged'),
  ok('2025-11-17T16:27'),
  ok('2025-11-15T20:10'),
  ok('2025-11-13T23:41'),
  ok('2025-11-12T03:02'),
  ok('2025-11-10T06:33'),
  ok('2025-11-08T10:04'),
  { at: at('2025-11-06T13:20'), outcome: 'failed', trigger: 'automatic', problem: TIMEOUT },
  ok('2025-11-03T17:06'),
  ok('2025-10-31T20:37'),
  ok('2025-10-29T00:08'),
  ok('2025-10-26T03:39'),
  ok('2025-10-23T07:10'),
];

const linJian: Account = {
  revision: 1,
  id: 'qqmusic:100000123',
  service: 'qqmusic',
  uid: '100000123',
  nickname: '林间有风',
  label: null,
  note: null,
  picture: 'mountains',
  method: 'qq-scan',
  health: { state: 'healthy' },
  busy: null,
  life: { issued_at: at('2025-11-20T02:05'), renew_at: at('2025-11-22T11:41'), expires_at: at('2025-11-23T02:05') },
  renewability: 'renewable',
  membership: {
    tiers: [
      tier('qq_green', false, null),
      tier('qq_luxury_green', true, '2026-03-14'),
      tier('qq_super', true, '2025-12-02'),
    ],
    checked_at: at('2025-11-21T14:51'),
  },
  checked_at: at('2025-11-21T14:51'),
  lights: [light('account_accepted', '2025-11-21T14:51', 'check'), light('music_key_works', '2025-11-21T14:51', 'check')],
  renewals: RENEWALS,
  format: 'header',
  copied: null,
  last_error: null,
};

const xiaoman: Account = {
  ...linJian,
  id: 'qqmusic:1152921504600000042',
  uid: '1152921504600000042',
  nickname: 'Xiaoman',
  picture: 'sprout',
  health: { state: 'renews_soon' },
  life: { issued_at: at('2025-11-19T09:00'), renew_at: at('2025-11-21T15:00'), expires_at: at('2025-11-22T09:00') },
  membership: {
    tiers: [tier('qq_green', false, '2024-08-22'), tier('qq_luxury_green', false, null), tier('qq_super', false, null)],
    checked_at: at('2025-11-21T14:40'),
  },
  lights: [light('account_accepted', '2025-11-20T02:05', 'renewal'), light('music_key_works', '2025-11-19T09:12', 'check', false)],
  renewals: RENEWALS.slice(0, 2),
  format: 'qqmusicapi',
};

const yehang: Account = {
  ...linJian,
  id: 'netease:320000017',
  service: 'netease',
  uid: '320000017',
  nickname: '夜航星',
  picture: 'rings',
  method: 'app-scan',
  life: { issued_at: at('2025-11-01T20:10'), renew_at: at('2025-12-18T20:10'), expires_at: at('2026-01-30T20:10') },
  membership: {
    tiers: [
      tier('netease_music_package', false, null),
      tier('netease_vinyl', true, '2026-08-30'),
      tier('netease_vinyl_super', false, null),
    ],
    checked_at: at('2025-11-21T09:00'),
  },
  checked_at: at('2025-11-21T09:00'),
  lights: [light('account_accepted', '2025-11-21T09:00', 'check')],
  renewals: [ok('2025-11-01T20:10')],
  format: 'netscape',
};

/** What nothing has shown yet. */
const UNPROVEN = yehang.lights.map(({ kind }) => ({ kind, proof: null }));

const mori: Account = {
  ...yehang,
  id: 'netease:320000058',
  uid: '320000058',
  nickname: 'Mori',
  picture: null,
  health: { state: 'needs_sign_in', since: at('2025-11-19T08:12'), reason: 'rejected' },
  life: { issued_at: at('2025-06-03T09:30'), renew_at: null, expires_at: at('2025-11-30T09:30') },
  membership: {
    tiers: [
      tier('netease_music_package', false, null),
      tier('netease_vinyl', false, '2025-10-01'),
      tier('netease_vinyl_super', false, null),
    ],
    checked_at: at('2025-11-19T08:12'),
  },
  renewals: [
    { at: at('2025-11-19T08:12'), outcome: 'rejected', trigger: 'automatic', problem: problem('rejected', 'netease') },
    ok('2025-11-04T09:30'),
  ],
  format: 'header',
};

/** Without anything that renews it. */
const jiuge: Account = {
  ...linJian,
  id: 'qqmusic:100000456',
  uid: '100000456',
  nickname: '旧歌',
  method: 'paste',
  picture: 'sprout',
  health: { state: 'warning', since: at('2025-11-21T10:29'), reason: 'not_renewable' },
  renewability: 'not_renewable',
  life: { issued_at: at('2025-11-21T10:29'), renew_at: null, expires_at: at('2025-11-24T10:29') },
  checked_at: at('2025-11-21T10:29'),
  lights: [light('account_accepted', '2025-11-21T10:29', 'sign_in'), { kind: 'music_key_works', proof: null }],
  renewals: [],
};

/** The accounts of most scenes. */
export const people = { linJian, xiaoman, yehang, mori };
const everybody = Object.values(people);

const handedOver: Account = { ...linJian, handed_over_at: at('2025-11-20T10:00'), life: { ...linJian.life, renew_at: null } };

/** A code that can be scanned and leads nowhere: a row of 33 modules a word, in hexadecimal. */
const CODE = [
  '1fcb17a7f', '104334941', '175741d5d', '17510695d', '175f7945d', '105346f41',
  '1fd55557f', '001c53a00', '17cbca67c', '0613df26f', '076cf9456', '1cb6bc09c',
  '0ad871e98', '1a22249c7', '1ace31ce2', '0b15e4dcc', '19702c1b1', '1a8217a6f',
  '1471a4836', '04a793d3e', '1149c499b', '1bbc39449', '13e3ca79a', '1622d3a9e',
  '14548b7f9', '00189b115', '1fc0f8754', '105dbf31e', '1752b3df9', '175da419d',
  '175fb18e4', '104da4d9c', '1fda785a2',
];

const step = {
  preparing: { step: 'preparing' },
  ask: { step: 'ask_paste', problem: null, unusable: null },
  unusable: (service: ServiceId, unusable: Unusable) =>
    ({ step: 'ask_paste', problem: problem('invalid_input', service, 'no MUSIC_U in 3 fields'), unusable }) satisfies SignInStep,
  waiting: (seconds = 102, life = 120) =>
    ({
      step: 'show_code',
      code: codePicture(),
      valid_until: new Date(NOW + seconds * 1000).toISOString(),
      life_seconds: life,
      problem: null,
      left_today: null,
    }) satisfies SignInStep,
  scanned: { step: 'scanned', nickname: linJian.nickname, avatar: pictures.mountains, problem: null },
  nobody: { step: 'scanned', nickname: null, avatar: null, problem: null },
  exchanging: { step: 'exchanging' },
  done: (account: Account, known = false) => ({ step: 'done', account, known }) satisfies SignInStep,
  failed: (problem: Problem, alternatives: Alternatives = { next: [], blocked: [] }) => ({ step: 'failed', problem, alternatives }) satisfies SignInStep,
  risk: (problem: Problem, alternatives: Alternatives) => ({ step: 'risk_control', problem, alternatives }) satisfies SignInStep,
  number: (problem: Problem | null = null, wait: number | null = null) =>
    ({
      step: 'ask_phone_number',
      problem,
      wait_until: wait === null ? null : new Date(NOW + wait * 1000).toISOString(),
    }) satisfies SignInStep,
  code: (resend = 48, problem: Problem | null = null) =>
    ({
      step: 'ask_text_code',
      sent_to: '138••••0000',
      resend_at: new Date(NOW + resend * 1000).toISOString(),
      problem,
    }) satisfies SignInStep,
  found: (missing: Detected['parts'][number]['part'][] = []) =>
    ({
      step: 'ask_to_go_on',
      detected: {
        format: 'cookie_header',
        fields: 23,
        parts: (['account_id', 'music_key', 'refresh_token'] as const).map((part) => ({ part, found: !missing.includes(part) })),
        renewable: !missing.includes('refresh_token'),
      },
    }) satisfies SignInStep,
} as const;

/** The other ways in after that one was barred, as the core orders them: those that were barred lately come last. */
const alternatives = (service: ServiceId, method: Method, ...blocked: Method[]): Alternatives => {
  const offered = SERVICES.find(({ id }) => id === service)?.methods ?? [];
  const lately = (method: Method) => Number(blocked.includes(method));
  const next = offered.filter((other) => other !== method).sort((a, b) => lately(a) - lately(b));
  return { next: next.map((method) => ({ service, method })), blocked };
};
const by = (service: ServiceId, method: Method, ...steps: SignInStep[]): Scene => ({ ...adding(service, ...steps), method });
/** Stopped by risk control in each way, with the others left. */
const barredIn = (service: ServiceId, method: Method, ...before: Method[]): Scene =>
  by(
    service,
    method,
    step.risk(problem('risk_control', service, 'signing in: risk control'), alternatives(service, method, ...before, method)),
  );

const adding = (service: ServiceId, ...steps: SignInStep[]): Scene => ({ accounts: everybody, add: service, signIn: steps });
const warned = (reason: WarningReason, more: Partial<Account> = {}): Scene => ({
  accounts: [{ ...linJian, health: { state: 'warning', since: at('2025-11-21T10:29'), reason }, ...more }, yehang],
  at: `accounts/${linJian.id}`,
});
/** More than are found without searching. */
const many: Account[] = [
  ...everybody,
  { ...jiuge, label: '客厅音箱', note: 'Music Assistant in the living room' },
  ...['Ada', '听雨', 'Zoë with a name that goes on and on', '小满'].map((nickname, index) => ({
    ...yehang,
    id: `netease:4200000${String(index)}`,
    uid: `4200000${String(index)}`,
    nickname,
    picture: null,
    life: { ...yehang.life, renew_at: at(`2025-12-0${String(4 - index)}T08:00`) },
  })),
];
const delivering = (go: Place, deliveries: DeliveryStatus[] = Object.values(places)): Scene => ({ accounts: everybody, deliveries, go });
const setUp = (preset: string | null, account: Account = linJian, delivery: string | null = null): Scene =>
  delivering({ view: 'deliver', account: account.id, preset, delivery });
const keychain = (state: Script['snapshot']['keychain']): Scene => ({
  accounts: everybody,
  snapshot: { keychain: state },
  keychainAfterRetry: state,
});

/** Every view and state, by name. */
export const scenes = {
  empty: {},
  picker: { accounts: everybody },
  'qq-loading': adding('qqmusic', step.preparing),
  'qq-waiting': adding('qqmusic', step.waiting()),
  'qq-last-call': adding('qqmusic', step.waiting(30)),
  'qq-scanned': adding('qqmusic', step.waiting(), step.scanned),
  'qq-scanned-nobody': adding('qqmusic', step.waiting(), step.nobody),
  'qq-confirming': adding('qqmusic', step.waiting(), step.scanned, step.exchanging),
  'qq-success': { ...adding('qqmusic', step.scanned, step.done(linJian)), accounts: [yehang] },
  'qq-success-known': adding('qqmusic', step.scanned, step.done(linJian, true)),
  'qq-unheard': adding('qqmusic', { ...step.waiting(), problem: problem('offline', 'qqmusic', 'asking about the code: connection refused') }),
  'qq-scanned-unheard': adding('qqmusic', step.waiting(), { ...step.scanned, problem: problem('timeout', 'qqmusic', 'no answer within 10 s') }),
  'qq-few-left': adding('qqmusic', { ...step.waiting(), left_today: 5 }),
  'qq-again': { ...adding('qqmusic', step.waiting()), wanted: linJian.id },
  'phone-again': { ...by('qqmusic', 'phone', step.number()), wanted: linJian.id },
  'qq-success-never': adding('qqmusic', step.scanned, step.done(jiuge)),
  'qq-unconfirmed': adding('qqmusic', step.waiting(), step.scanned, { step: 'expired', scanned: true }),
  'qq-expired': adding('qqmusic', step.waiting(0), { step: 'expired', scanned: false }),
  'qq-refused': adding('qqmusic', step.scanned, { step: 'refused' }),
  'qq-offline': adding(
    'qqmusic',
    step.failed(problem('offline', 'qqmusic', 'asking for a code: connection refused (proxy 127.0.0.1:7890)')),
  ),
  'qq-timeout': adding(
    'qqmusic',
    step.failed(problem('timeout', 'qqmusic', 'connect timeout after 10 s\nhost   xui.ptlogin2.qq.com:443\nproxy  system (none)\ntries  3')),
  ),
  'qq-risk': barredIn('qqmusic', 'qq-scan'),
  'qq-version': adding(
    'qqmusic',
    step.failed(problem('client_too_old', 'qqmusic', 'signing in: a newer client is wanted (code 10003)'), alternatives('qqmusic', 'qq-scan', 'qq-scan')),
  ),
  'qq-failed': adding('qqmusic', step.failed(problem('unexpected', 'qqmusic', 'asking for a code: an answer without ptqrtoken'))),
  'qq-captcha': adding('qqmusic', step.scanned, { step: 'ask_captcha' }),
  'qq-exchange-lost': adding(
    'qqmusic',
    step.failed(problem('exchange_lost', 'qqmusic', 'exchanging the code: the answer was lost, and what was confirmed is used up')),
  ),
  'qq-devices': adding(
    'qqmusic',
    step.failed(problem('device_limit', 'qqmusic', 'signing in: too many devices (code 20279)'), alternatives('qqmusic', 'qq-scan', 'qq-scan')),
  ),
  'qq-wrong-way': adding(
    'qqmusic',
    step.failed(problem('wrong_method', 'qqmusic', 'signing in: another way in is wanted (code 20450)'), alternatives('qqmusic', 'qq-scan', 'qq-scan')),
  ),
  'qq-daily-limit': adding(
    'qqmusic',
    step.failed(problem('daily_limit', 'qqmusic'), { next: [{ service: 'qqmusic', method: 'paste' }], blocked: [] }),
  ),
  'qq-other-account': {
    ...adding('qqmusic', step.scanned, {
      step: 'ask_other_account',
      account: linJian.id,
      nickname: linJian.nickname,
      known: false,
      wanted: xiaoman.id,
    }),
    accounts: [xiaoman],
    wanted: xiaoman.id,
  },
  'qq-other-account-known': {
    ...adding('qqmusic', step.scanned, {
      step: 'ask_other_account',
      account: linJian.id,
      nickname: null,
      known: true,
      wanted: xiaoman.id,
    }),
    wanted: xiaoman.id,
  },
  'page-new-account': {
    ...by('qqmusic', 'official-page', { step: 'ask_page' }, { step: 'ask_new_account', account: linJian.id, nickname: linJian.nickname, avatar: pictures.mountains }),
    accounts: [xiaoman],
  },
  'page-new-account-nameless': {
    ...by('netease', 'official-page', { step: 'ask_page' }, { step: 'ask_new_account', account: yehang.id, nickname: null, avatar: null }),
    accounts: [xiaoman],
  },
  'qq-keychain': adding('qqmusic', step.failed(problem('keychain_denied', null))),
  'ne-waiting': adding('netease', step.waiting(170, 180)),
  'ne-expired': adding('netease', step.waiting(0, 180), { step: 'expired', scanned: false }),
  'ne-risk': adding(
    'netease',
    step.risk(
      problem('risk_control', 'netease', 'asking for the result: risk control (code 8821)', '当前登录存在安全风险，请稍后再试'),
      alternatives('netease', 'app-scan', 'app-scan'),
    ),
  ),
  // As a service with one way in would be.
  'ne-risk-alone': adding('netease', step.risk(problem('risk_control', 'netease'), { next: [], blocked: ['app-scan'] })),
  'ne-version': adding(
    'netease',
    step.failed(
      problem('client_too_old', 'netease', 'asking for the result: a newer client is wanted (code 8821)'),
      alternatives('netease', 'app-scan', 'app-scan'),
    ),
  ),
  'ne-limited': adding('netease', step.failed(problem('rate_limited', 'netease', null, '操作频繁，请稍候再试'), alternatives('netease', 'app-scan'))),
  'wx-waiting': by('qqmusic', 'wechat-scan', step.waiting(250, 300)),
  'wx-risk': barredIn('qqmusic', 'wechat-scan', 'qq-scan'),
  'app-waiting': by('qqmusic', 'app-scan', step.waiting()),
  'app-risk': barredIn('qqmusic', 'app-scan', 'qq-scan', 'wechat-scan'),
  'page-loading': by('qqmusic', 'official-page', step.preparing),
  'page-open': by('qqmusic', 'official-page', { step: 'ask_page' }),
  'page-closed': by('netease', 'official-page', { step: 'ask_page' }, { step: 'page_closed' }),
  'page-confirming': by('qqmusic', 'official-page', { step: 'ask_page' }, step.exchanging),
  'page-success': { ...by('qqmusic', 'official-page', step.done(linJian)), accounts: [yehang] },
  'page-risk': barredIn('qqmusic', 'official-page'),
  'phone-loading': by('qqmusic', 'phone', step.preparing),
  'phone-number': by('qqmusic', 'phone', step.number()),
  'phone-invalid': by('netease', 'phone', step.number(problem('invalid_input', 'netease'))),
  'phone-offline': by('qqmusic', 'phone', step.number(problem('offline', 'qqmusic', 'sending a code: connection refused'))),
  'phone-too-fast': by(
    'qqmusic',
    'phone',
    step.number(problem('rate_limited', 'qqmusic', 'sending a code: too many requests (code 100001)'), 58),
  ),
  'phone-sending': by('qqmusic', 'phone', step.number(), { step: 'sending' }),
  'phone-captcha': by('qqmusic', 'phone', step.number(), { step: 'ask_captcha' }),
  'phone-code-captcha': by('netease', 'phone', step.code(), { step: 'ask_captcha' }),
  'phone-code': by('qqmusic', 'phone', step.code()),
  'phone-code-wrong': by('qqmusic', 'phone', step.code(0, problem('wrong_code', 'qqmusic'))),
  'phone-resending': by('netease', 'phone', step.code(0), { step: 'sending' }),
  'phone-verifying': by('qqmusic', 'phone', step.code(), step.exchanging),
  'phone-devices': by(
    'qqmusic',
    'phone',
    step.failed(problem('device_limit', 'qqmusic', 'signing in: too many devices (code 20279)'), alternatives('qqmusic', 'phone', 'phone')),
  ),
  'phone-risk': barredIn('netease', 'phone', 'app-scan'),
  'phone-other-account': {
    ...by('netease', 'phone', {
      step: 'ask_other_account',
      account: yehang.id,
      nickname: yehang.nickname,
      known: true,
      wanted: mori.id,
    }),
    wanted: mori.id,
  },
  'paste-empty': by('qqmusic', 'paste', step.ask),
  'paste-found': by('qqmusic', 'paste', step.ask, step.found()),
  'paste-not-renewable': by('qqmusic', 'paste', step.ask, step.found(['refresh_token'])),
  'paste-checking': by('netease', 'paste', step.ask, step.found(), step.exchanging),
  'paste-bad': by('netease', 'paste', { step: 'ask_paste', problem: problem('invalid_input', 'netease', 'no MUSIC_U in 3 fields'), unusable: null }),
  'paste-bad-clipboard': by('qqmusic', 'paste', { step: 'ask_paste', problem: problem('unexpected', null, 'the clipboard holds no text'), unusable: null }),
  'paste-partial': by(
    'netease',
    'paste',
    step.unusable('netease', {
      reason: 'incomplete',
      words: { english: 'It is incomplete.', chinese: '凭据不完整。' },
      parts: [
        { part: 'session', found: false },
        { part: 'csrf_token', found: true },
        { part: 'refresh_token', found: true },
      ],
      other: null,
    }),
  ),
  'paste-other-service': by('netease', 'paste', step.unusable('netease', {
      reason: 'other_service',
      words: { english: 'It is for another service.', chinese: '这是另一个平台的凭据。' },
      parts: [],
      other: 'qqmusic',
    })),
  'paste-shortened': by('netease', 'paste', step.unusable('netease', {
      reason: 'shortened',
      words: { english: 'A value in it was shortened (“…”). Copy the whole value.', chinese: '其中的值被截短了（“…”），请复制完整的值。' },
      parts: [],
      other: null,
    })),
  'paste-several': by('qqmusic', 'paste', step.ask, {
    step: 'ask_which_account',
    accounts: [
      { account: '10001', renewable: true },
      { account: '10002', renewable: false },
      { account: null, renewable: false },
    ],
  }),
  'paste-expired': by('qqmusic', 'paste', step.failed(problem('rejected', 'qqmusic', 'checking the cookie: code 1000'), alternatives('qqmusic', 'paste'))),
  'paste-success': { ...by('qqmusic', 'paste', step.ask, step.found(), step.exchanging, step.done(linJian)), accounts: [yehang] },
  'cloud-empty': by('qqmusic', 'cookiecloud', step.ask),
  'cloud-found': by('qqmusic', 'cookiecloud', step.ask, step.found(['refresh_token'])),
  'paste-risk': barredIn('qqmusic', 'paste'),
  'account-healthy': { accounts: everybody, at: `accounts/${linJian.id}` },
  'account-soon': { accounts: everybody, at: `accounts/${xiaoman.id}` },
  'account-long': { accounts: everybody, at: `accounts/${yehang.id}` },
  'account-dead': { accounts: everybody, at: `accounts/${mori.id}` },
  'account-missing': {
    accounts: [{ ...linJian, health: { state: 'needs_sign_in', since: at('2025-11-21T09:30'), reason: 'missing' } }],
  },
  'account-refused-once': warned('refused_once'),
  'account-renewal-failing': warned('renewal_failing', {
    last_error: TIMEOUT,
    renewals: [0, 1, 2, 3].map((minutes) => ({ at: at(`2025-11-21T10:3${String(9 - minutes)}`), outcome: 'failed', trigger: 'manual', problem: TIMEOUT })),
  }),
  'account-not-renewable': { accounts: [jiuge, yehang], at: `accounts/${jiuge.id}` },
  'account-missing-once': warned('missing_once'),
  'account-unreadable': warned('unreadable'),
  'account-while-alive': { accounts: [{ ...linJian, renewability: 'while_alive' }, yehang] },
  'account-labelled': {
    accounts: [
      { ...linJian, label: 'Living room', note: 'For Music Assistant on the NAS', copied: { at: at('2025-11-21T10:02'), format: 'json', is_current: true } },
      yehang,
    ],
  },
  'account-copied-old': { accounts: [{ ...linJian, copied: { at: at('2025-11-19T10:02'), format: 'netscape', is_current: false } }, yehang] },
  'account-just-created': {
    accounts: [
      { ...yehang, life: { issued_at: at('2025-11-21T14:50'), renew_at: at('2025-12-05T10:16'), expires_at: at('2026-05-20T14:50') }, checked_at: null, lights: UNPROVEN, renewals: [] },
      linJian,
    ],
  },
  overview: { accounts: [...everybody, jiuge], at: 'overview' },
  'overview-many': { accounts: many, at: 'overview' },
  'account-of-many': { accounts: many, at: `accounts/${linJian.id}?attention` },
  'account-renewing': { accounts: [{ ...linJian, busy: 'renewing' }, yehang] },
  'account-checking': { accounts: [{ ...linJian, busy: 'checking' }, yehang] },
  'account-trouble': {
    accounts: [{ ...linJian, last_error: TIMEOUT, renewals: [{ at: at('2025-11-21T14:50'), outcome: 'failed', trigger: 'manual', problem: TIMEOUT }, ...RENEWALS] }],
  },
  'account-unknown': {
    accounts: [
      {
        ...yehang,
        picture: null,
        nickname: 'A name that is longer than the sidebar and longer than the header would like',
        life: { ...yehang.life, renew_at: null, expires_at: null },
        membership: null,
        checked_at: null,
        lights: UNPROVEN,
        renewals: [],
      },
    ],
  },
  'account-no-end': { accounts: [{ ...yehang, life: { ...yehang.life, expires_at: null } }] },
  'account-manual': { accounts: [linJian, yehang], settings: { auto_renew: false } },
  'account-unconfirmed': { accounts: [linJian, yehang], signOutConfirmed: false },
  'account-deliveries': { accounts: everybody, deliveries: Object.values(places), at: `accounts/${linJian.id}` },
  'account-delivered': { accounts: [linJian, yehang], deliveries: [places.meting] },
  'account-handed-over': { accounts: [handedOver, yehang], deliveries: [handed], at: `accounts/${linJian.id}` },
  'account-refused-with-renewer': {
    accounts: [{ ...linJian, health: { state: 'needs_sign_in', since: at('2025-11-21T09:30'), reason: 'rejected' }, renewals: [{ at: at('2025-11-21T09:30'), outcome: 'rejected', trigger: 'automatic', problem: problem('rejected', 'qqmusic') }, ...RENEWALS] }],
    deliveries: [places.admin],
  },
  'deliver-pick': setUp(null),
  'deliver-pick-netease': setUp(null, yehang),
  'deliver-meting': setUp('meting'),
  'deliver-meting-admin': setUp('meting-admin'),
  'deliver-webhook': setUp('webhook'),
  'deliver-command': setUp('command'),
  'deliver-cookiecloud': setUp('cookiecloud', yehang),
  'deliver-change': setUp('meting-admin', linJian, places.admin.id),
  'delivery-delivered': delivering({ view: 'delivery', account: linJian.id, delivery: places.meting.id }),
  'delivery-failing': delivering({ view: 'delivery', account: linJian.id, delivery: places.admin.id }),
  'delivery-off': delivering({ view: 'delivery', account: linJian.id, delivery: places.env.id }),
  'delivery-handed-over': { ...delivering({ view: 'delivery', account: linJian.id, delivery: handed.id }, [handed]), accounts: [handedOver, yehang] },
  'delivery-own-sign-in': delivering({ view: 'delivery', account: linJian.id, delivery: own.id }, [own]),
  'delivery-taken-back': delivering({ view: 'delivery', account: linJian.id, delivery: handed.id }, [{ ...handed, state: 'taken_back' }]),
  'delivery-noticed': delivering({ view: 'delivery', account: linJian.id, delivery: places.meting.id }, [
    { ...places.meting, preset: 'yt-dlp', last: went('2025-11-20T02:05', 'confirmed', { notice: 'rewritten' }), earlier: [] },
  ]),
  'delivery-waiting': {
    ...delivering({ view: 'delivery', account: linJian.id, delivery: places.meting.id }, [{ ...places.meting, state: 'waiting', last: null, earlier: [] }]),
    delivered: went('2025-11-21T14:53', 'failed', { problem: REFUSED }),
  },
  notice: {
    accounts: [linJian],
    snapshot: {
      notice: problem('profile_unreadable', null, 'accounts.json could not be read and was set aside as accounts.json.damaged'),
    },
  },
  'settings-general': { accounts: everybody, at: 'settings/general' },
  'settings-renewal': { accounts: everybody, at: 'settings/renewal' },
  'settings-renewal-handed-over': { accounts: [handedOver, jiuge, mori], deliveries: [handed], at: 'settings/renewal' },
  'settings-notifications-none': { accounts: everybody, at: 'settings/notifications' },
  'settings-notifications': {
    accounts: everybody,
    at: 'settings/notifications',
    notifications: {
      channels: [
        channel('bark', 'iPhone', 'api.day.app', { at: at('2025-11-21T09:12'), problem: null }),
        channel('wecom', null, 'qyapi.weixin.qq.com', {
          at: at('2025-11-20T18:40'),
          problem: {
            ...problem('invalid_input', null),
            words: {
              english: 'The channel doesn’t accept the key, the token or the signature. Copy it from there again; a robot may also want a keyword or this computer’s address.',
              chinese: '渠道不接受该密钥、令牌或签名。请重新从那里复制；机器人还可能要求关键词或限制来源 IP。',
            },
          },
        }),
        { ...channel('ntfy', null, 'ntfy.home.example:8443', null), enabled: false },
      ],
      quiet_hours: '22:30-07:00',
      ping: {
        host: 'hc-ping.com',
        minutes: 60,
        reports_failures: true,
        allows_plain_http: false,
        last: { at: at('2025-11-21T14:20'), problem: null },
      },
    },
  },
  'settings-network': { accounts: everybody, at: 'settings/network' },
  'settings-network-named': {
    accounts: everybody,
    at: 'settings/network',
    snapshot: { system_proxy: { address: 'socks5h://127.0.0.1:1080', source: 'all_proxy', problem: null } },
  },
  'settings-network-unusable': {
    accounts: everybody,
    at: 'settings/network',
    snapshot: {
      system_proxy: {
        address: null,
        source: null,
        problem: {
          ...problem('proxy_unusable', null),
          words: {
            english: 'all_proxy names a proxy that TuneKey can’t use, so nothing was sent. Write it as http://host:port or socks5h://host:port, or choose a proxy, or none, in the settings.',
            chinese: 'all_proxy 里的代理 TuneKey 无法使用，因此未发送任何内容。请写成 http://主机:端口 或 socks5h://主机:端口，或在设置里指定代理或不使用代理。',
          },
        },
      },
    },
    reach: [
      { service: 'qqmusic', milliseconds: null, problem: problem('untrusted_certificate', 'qqmusic') },
      { service: 'netease', milliseconds: null, problem: problem('name_not_resolved', 'netease') },
    ],
  },
  'settings-network-manual': {
    accounts: everybody,
    at: 'settings/network',
    settings: { proxy: { manual: 'socks5://127.0.0.1:7890' }, extra_ca: '/etc/ssl/certs/corp-root-ca.pem' },
    reach: [
      { service: 'qqmusic', milliseconds: 48, problem: null },
      { service: 'netease', milliseconds: null, problem: problem('offline', 'netease') },
    ],
  },
  'settings-security': { accounts: everybody, at: 'settings/security' },
  'settings-security-api': { accounts: everybody, at: 'settings/security', api: used, visits },
  'settings-security-taken': { accounts: everybody, at: 'settings/security', api: { problem: TAKEN } },
  'settings-security-elsewhere': { accounts: everybody, at: 'settings/security', api: { ...used, address: null }, visits },
  'overview-api': { accounts: everybody, at: 'overview', api: used },
  'account-api-unused': { accounts: [linJian], api: { address: 'http://127.0.0.1:7733' } },
  'account-api-taken': { accounts: [linJian], api: { problem: TAKEN } },
  'settings-about': { accounts: everybody, at: 'settings/about' },
  'keychain-locked': keychain('locked'),
  'keychain-unavailable': keychain('unavailable'),
  'keychain-denied': keychain('denied'),
  'keychain-silent': keychain('silent'),
} satisfies Record<string, Scene>;

/** The name of a scene. */
export type SceneName = keyof typeof scenes;

/** The whole script of a scene. */
export function scriptOf(scene: Scene, now: () => number, page: URLSearchParams): Script {
  const os = page.get('os');
  const inDatabase = page.get('store') === 'postgres';
  const theme = page.get('theme');
  const another = page.get('service');
  const { accounts = [], deliveries = [], services = SERVICES, snapshot, settings, notifications, preferences, ...rest } = scene;
  return {
    ...rest,
    now,
    pictures,
    deliveryFacts,
    services: another === null ? services : [...services, offered(JSON.parse(another) as ServiceFacts)],
    snapshot: {
      revision: 1,
      accounts,
      deliveries,
      keychain: 'ready',
      settings: {
        proxy: 'system',
        extra_ca: null,
        format: 'header',
        clipboard_seconds: 30,
        auto_renew: true,
        ...settings,
      },
      notifications: { channels: [], quiet_hours: null, renewal_hours: 6, keychain_hours: 6, ping: null, ...notifications },
      notice: null,
      ...snapshot,
    },
    preferences: {
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
      language: 'system',
      closeToTray: true,
      trayCopies: true,
      lastView: scene.at ?? null,
      ...preferences,
    },
    about: {
      version: '0.1.0',
      licence: 'MIT OR Apache-2.0',
      os: os === 'mac' || os === 'win' ? os : 'linux',
      locale: page.get('lang') === 'zh' ? 'zh_CN.UTF-8' : 'en_US.UTF-8',
      store: inDatabase ? { english: 'the database', chinese: '数据库' } : null,
      sentences: inDatabase ? { ...sentences, ...sentencesOfDatabase } : sentences,
    },
  };
}

/** The code as the core draws codes: black on white. */
function codePicture(): string {
  const dark = CODE.flatMap((row, y) =>
    [...Number.parseInt(row, 16).toString(2).padStart(33, '0')].flatMap((bit, x) =>
      bit === '1' ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [],
    ),
  );
  const drawing = `<path fill="#fff" d="M0 0h33v33H0z"/><path d="${dark.join('')}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33" shape-rendering="crispEdges">${drawing}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
