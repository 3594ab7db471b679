/** The local API of the scenes. All programs in them are invented. */
import type { ApiStatus } from './bindings/ApiStatus';
import type { ApiToken } from './bindings/ApiToken';
import type { ApiVisit } from './bindings/ApiVisit';
import { at } from './invented';

const visit = (when: string, name: string, scope: ApiVisit['scope'], account: string | null, more: Partial<ApiVisit> = {}): ApiVisit => ({
  at: at(when),
  name,
  scope,
  account,
  what: 'GET /v1/accounts',
  status: 200,
  times: 1,
  ...more,
});

const token = (name: string, scopes: ApiToken['scopes'], made: string, used: string | null): ApiToken => ({
  name,
  scopes,
  created_at: at(made),
  last_used_at: used === null ? null : at(used),
});

/** Who asked for what, the newest first. */
export const visits: ApiVisit[] = [
  visit('2025-11-21T14:50', 'nas', 'cookie', 'qqmusic:100000123'),
  visit('2025-11-21T14:49', 'nas', 'status', null, { times: 12 }),
  visit('2025-11-21T09:30', 'home-assistant-in-the-living-room', 'cookie', 'qqmusic:100000123', { status: 403 }),
  visit('2025-11-20T22:11', 'bot', 'renew', 'netease:90001', { status: 502 }),
  visit('2025-11-20T21:03', 'bot', 'sign-in', null),
  visit('2025-11-19T08:00', 'nas', null, null),
];

/** Three programs may use it, and one did a moment ago. */
export const used = {
  address: 'http://127.0.0.1:7733',
  tokens: [
    token('nas', ['status', 'cookie'], '2025-11-02T10:00', '2025-11-21T14:50'),
    token('home-assistant-in-the-living-room', ['status'], '2025-11-11T18:20', '2025-11-21T09:30'),
    token('bot', ['status', 'cookie', 'renew', 'sign-in'], '2025-11-18T12:00', null),
  ],
  last_use: visits[0] ?? null,
} satisfies Partial<ApiStatus>;
