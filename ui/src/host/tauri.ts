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
  deliveryFacts: () => invoke('delivery_facts'),
  pasteDeliverySecret: (name) => invoke('paste_delivery_secret', { name }),
  dropDeliverySecrets: () => invoke('drop_delivery_secrets'),
  chooseDeliveryFile: (exists) => invoke('choose_delivery_file', { exists }),
  addDelivery: (account, delivery) => invoke('add_delivery', { account, delivery }),
  changeDelivery: (delivery, answers) => invoke('change_delivery', { delivery, answers }),
  setDeliveryLabel: (delivery, label) => invoke('set_delivery_label', { delivery, label }),
  switchDelivery: (delivery, enabled) => invoke('switch_delivery', { delivery, enabled }),
  testDelivery: (delivery) => invoke('test_delivery', { delivery }),
  sendDelivery: (delivery) => invoke('send_delivery', { delivery }),
  previewDelivery: (delivery) => invoke('preview_delivery', { delivery }),
  removeDelivery: (delivery) => invoke('remove_delivery', { delivery }),
  setSetting: (key, value) => invoke('set_setting', { key, value }),
  chooseExtraCa: () => invoke('choose_extra_ca'),
  testConnection: () => invoke('test_connection'),
  preferences: () => invoke('preferences'),
  setPreferences: (change) => invoke('set_preferences', { change }),
  keychainRetry: () => invoke('keychain_retry'),
  startsAtLogin: () => invoke('starts_at_login'),
  setStartAtLogin: (on) => invoke('set_start_at_login', { on }),
  openReleases: () => invoke('open_releases'),
  quit: () => invoke('quit'),
};
