/** The host in a release. The only file that knows the shell. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { Host, HostEvent } from './host';

export const tauri: Host = {
  subscribe: (listener) =>
    listen<HostEvent>('tunekey', ({ payload }) => {
      listener(payload);
    }),
  snapshot: () => invoke('snapshot'),
  picture: (account) => invoke('picture', { account }),
  services: () => invoke('services'),
  about: () => invoke('about'),
  startSignIn: (service, method, wanted) => invoke('start_sign_in', { service, method, wanted }),
  newCode: (id) => invoke('new_code', { id }),
  cancelSignIn: (id) => invoke('cancel_sign_in', { id }),
  answerSignIn: (id, answer) => invoke('answer_sign_in', { id, answer }),
  openCaptcha: (id) => invoke('open_captcha', { id }),
  showPage: (id) => invoke('show_page', { id }),
  pasteFromClipboard: (id) => invoke('paste_from_clipboard', { id }),
  pasteFromFile: (id) => invoke('paste_from_file', { id }),
  pasteElsewhere: (id) => invoke('paste_elsewhere', { id }),
  copyCookie: (account, choice) => invoke('copy_cookie', { account, choice }),
  clearClipboard: () => invoke('clear_clipboard'),
  renew: (account) => invoke('renew', { account }),
  renewAll: () => invoke('renew_all'),
  check: (account) => invoke('check', { account }),
  signOut: (account) => invoke('sign_out', { account }),
  forget: (account) => invoke('forget', { account }),
  setLabel: (account, label) => invoke('set_label', { account, label }),
  setNote: (account, note) => invoke('set_note', { account, note }),
  setSetting: (key, value) => invoke('set_setting', { key, value }),
  chooseExtraCa: () => invoke('choose_extra_ca'),
  testConnection: () => invoke('test_connection'),
  channelKinds: () => invoke('channel_kinds'),
  addChannel: (kind, label, values, plain) => invoke('add_channel', { kind, label, values, plain }),
  switchChannel: (channel, enabled) => invoke('switch_channel', { channel, enabled }),
  testChannel: (channel) => invoke('test_channel', { channel }),
  removeChannel: (channel) => invoke('remove_channel', { channel }),
  setQuietHours: (hours) => invoke('set_quiet_hours', { hours }),
  setAlertHours: (renewal, keychain) => invoke('set_alert_hours', { renewal, keychain }),
  setPing: (address, minutes, plain) => invoke('set_ping', { address, minutes, plain }),
  setPingMinutes: (minutes) => invoke('set_ping_minutes', { minutes }),
  removePing: () => invoke('remove_ping'),
  testPing: () => invoke('test_ping'),
  preferences: () => invoke('preferences'),
  setPreferences: (change) => invoke('set_preferences', { change }),
  keychainRetry: () => invoke('keychain_retry'),
  startsAtLogin: () => invoke('starts_at_login'),
  setStartAtLogin: (on) => invoke('set_start_at_login', { on }),
  openReleases: () => invoke('open_releases'),
  quit: () => invoke('quit'),
};
