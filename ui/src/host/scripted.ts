/** A host that plays the program behind the window: every view and state, for tests and pictures. Never in a release. */
import { canBeRenewed } from '../format/account';

import type { About } from './bindings/About';
import type { Account } from './bindings/Account';
import type { ApiScope } from './bindings/ApiScope';
import type { ApiStatus } from './bindings/ApiStatus';
import type { ApiVisit } from './bindings/ApiVisit';
import type { ChannelFacts } from './bindings/ChannelFacts';
import type { ChannelKind } from './bindings/ChannelKind';
import type { ChannelRecord } from './bindings/ChannelRecord';
import type { CheckOutcome } from './bindings/CheckOutcome';
import type { CopyChoice } from './bindings/CopyChoice';
import type { DeliveryFacts } from './bindings/DeliveryFacts';
import type { DeliveryRecord } from './bindings/DeliveryRecord';
import type { DeliveryStatus } from './bindings/DeliveryStatus';
import type { KeychainState } from './bindings/KeychainState';
import type { Method } from './bindings/Method';
import type { NewDelivery } from './bindings/NewDelivery';
import type { PreferenceChange } from './bindings/PreferenceChange';
import type { NotificationSettings } from './bindings/NotificationSettings';
import type { Preferences } from './bindings/Preferences';
import type { Problem } from './bindings/Problem';
import type { ConnectionTest } from './bindings/ConnectionTest';
import type { RenewalRecord } from './bindings/RenewalRecord';
import type { RenewalSummary } from './bindings/RenewalSummary';
import type { ServiceFacts } from './bindings/ServiceFacts';
import type { ServiceId } from './bindings/ServiceId';
import type { ServiceInfo } from './bindings/ServiceInfo';
import type { Settings } from './bindings/Settings';
import type { SignedOut } from './bindings/SignedOut';
import type { SignInStep } from './bindings/SignInStep';
import type { Snapshot } from './bindings/Snapshot';
import type { WindowInput } from './bindings/WindowInput';
import { channels } from './bindings/channels';
import type { Host, HostEvent, SettingKey } from './host';
import { NOWHERE } from './places';
import { ScriptedApi } from './scripted-api';
import { changed, invalid } from './scripted-settings';

/** A command that was called, with what it was given. */
export type Call = [command: keyof Host, ...given: unknown[]];

/** What a scripted host starts from. */
export interface Script {
  snapshot: Snapshot;
  services: ServiceInfo[];
  preferences: Preferences;
  about: About;
  now: () => number;
  /** The accounts’ pictures, by what names them. */
  pictures: Record<string, string>;
  /** The steps that the first sign-in takes by itself as soon as it is started. */
  signIn?: SignInStep[];
  /** What the keychain is after another try. */
  keychainAfterRetry?: KeychainState;
  /** What a service says to a sign-out. */
  signOutConfirmed?: boolean;
  reach?: ConnectionTest[];
  deliveryFacts: DeliveryFacts;
  /** What becomes of what is delivered. */
  delivered?: DeliveryRecord;
  /** How the local API stands, and who asked it for what. */
  api?: Partial<ApiStatus>;
  visits?: ApiVisit[];
}

/** What a service offers in the desktop app. */
export function offered(facts: ServiceFacts): ServiceInfo {
  return {
    id: facts.id,
    name: facts.name.english,
    methods: [...facts.methods.map(({ method }) => method), 'paste', 'cookiecloud'],
    copies_renew: facts.cookie.renews,
    facts,
  };
}

/** Plays a {@link Script} and remembers what it was asked. */
export class ScriptedHost implements Host {
  /** Every command that changes something, in order. */
  readonly calls: Call[] = [];
  /** Commands that fail, and how. */
  failing: Partial<Record<keyof Host, Problem>> = {};
  /** Commands that never answer, so that what is shown meanwhile can be looked at. */
  hanging: (keyof Host)[] = [];
  /** The accounts whose renewals fail when all are renewed. */
  failingRenewals: string[] = [];
  /** What is wrong with messages and pings that are sent, if anything is. */
  unsent: Problem | null = null;
  /** The local API, as the program would say by itself. */
  readonly api: ScriptedApi;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  #preferences: Preferences;
  #startsAtLogin = false;
  #settings: Settings;
  #notifications: NotificationSettings;
  #accounts: Account[];
  #deliveries: DeliveryStatus[];
  #signIns = 0;
  #revision = 1000;
  #method: Method | null = null;

  constructor(private readonly script: Script) {
    this.#preferences = script.preferences;
    this.#settings = script.snapshot.settings;
    this.#notifications = script.snapshot.notifications;
    this.#accounts = script.snapshot.accounts;
    this.#deliveries = script.snapshot.deliveries;
    const tell = (status: ApiStatus) => {
      this.emit({ kind: 'local_api', status });
    };
    this.api = new ScriptedApi(script.api, script.visits ?? [], tell, script.now);
  }

  /** The accounts as they are. */
  get accounts(): Account[] {
    return this.#accounts;
  }

  /** Reports an event, as the program would by itself. */
  emit(event: HostEvent): void {
    if (event.kind === 'account') {
      this.#accounts = [...this.#accounts.filter(({ id }) => id !== event.account.id), event.account];
    }
    this.#listeners.forEach((listener) => {
      listener(event);
    });
  }

  /** The current sign-in takes a step. */
  step(step: SignInStep): void {
    if (step.step === 'done') {
      const { account } = step;
      this.#accounts = [...this.#accounts.filter(({ id }) => id !== account.id), account];
    }
    this.emit({ kind: 'sign_in', id: this.#signIns, step });
  }

  subscribe(listener: (event: HostEvent) => void): Promise<() => void> {
    this.#listeners.add(listener);
    return Promise.resolve(() => this.#listeners.delete(listener));
  }

  snapshot(): Promise<Snapshot> {
    this.api.change({});
    return Promise.resolve(this.script.snapshot);
  }

  picture(account: string): Promise<string | null> {
    const reference = this.#accounts.find(({ id }) => id === account)?.picture ?? null;
    return Promise.resolve(reference === null ? null : (this.script.pictures[reference] ?? null));
  }

  services(): Promise<ServiceInfo[]> {
    return Promise.resolve(this.script.services);
  }

  about(): Promise<About> {
    return Promise.resolve(this.script.about);
  }

  preferences(): Promise<Preferences> {
    return Promise.resolve(this.#preferences);
  }

  startSignIn(service: ServiceId, method: Method, wanted: string | null): Promise<number> {
    return this.#command(['startSignIn', service, method, wanted], () => {
      const id = ++this.#signIns;
      this.#method = method;
      if (id === 1) {
        this.script.signIn?.forEach((step) => {
          this.step(step);
        });
      }
      return id;
    });
  }

  newCode(id: number): Promise<void> {
    return this.#command(['newCode', id], () => {
      this.step({ step: 'preparing' });
    });
  }

  cancelSignIn(id: number): Promise<void> {
    return this.#command(['cancelSignIn', id], () => undefined);
  }

  answerSignIn(id: number, answer: WindowInput): Promise<void> {
    return this.#command(['answerSignIn', id, answer], () => {
      switch (answer.kind) {
        case 'captcha_done':
          return this.step({ step: this.#method === 'phone' ? 'sending' : 'exchanging' });
        case 'phone_number':
        case 'resend':
          return this.step({ step: 'sending' });
        case 'text_code':
        case 'go':
          return this.step({ step: 'exchanging' });
        case 'change_number':
          return this.step({ step: 'ask_phone_number', problem: null, wait_until: null });
        case 'account':
          return;
        case 'keep':
          return this.step({ step: 'saving' });
      }
    });
  }

  openCaptcha(id: number): Promise<void> {
    return this.#command(['openCaptcha', id], () => undefined);
  }

  showPage(id: number): Promise<void> {
    return this.#command(['showPage', id], () => undefined);
  }

  pasteFromClipboard(id: number): Promise<void> {
    return this.#command(['pasteFromClipboard', id], () => undefined);
  }

  pasteFromFile(id: number): Promise<void> {
    return this.#command(['pasteFromFile', id], () => undefined);
  }

  pasteElsewhere(id: number): Promise<number> {
    return this.#command(['pasteElsewhere', id], () => ++this.#signIns);
  }

  readCookieCloud(id: number, url: string, uuid: string, plain: boolean): Promise<void> {
    return this.#command(['readCookieCloud', id, url, uuid, plain], () => undefined);
  }

  startOwnSignIn(delivery: string, method: Method): Promise<number> {
    return this.#command(['startOwnSignIn', delivery, method], () => {
      this.#method = method;
      return ++this.#signIns;
    });
  }

  copyCookie(account: string, choice: CopyChoice | null): Promise<void> {
    return this.#command(['copyCookie', account, choice], () => {
      const { format, scope, once } = choice ?? { format: this.#account(account).format, scope: 'full', once: false };
      if (scope === 'full' && !once) this.#change(account, { format });
      this.#change(account, { copied: { at: new Date(this.script.now()).toISOString(), format, is_current: true } });
      const seconds = this.#settings.clipboard_seconds;
      const until = new Date(this.script.now() + seconds * 1000).toISOString();
      const { health } = this.#account(account);
      this.emit({ kind: 'clipboard', clip: { kind: 'cookie', account, format, scope, health, seconds, until } });
    });
  }

  clearClipboard(): Promise<void> {
    return this.#command(['clearClipboard'], () => {
      this.emit({ kind: 'clipboard', clip: null });
    });
  }

  renew(account: string): Promise<RenewalRecord> {
    return this.#command(['renew', account], () => {
      const now = this.script.now();
      const record: RenewalRecord = {
        at: new Date(now).toISOString(),
        outcome: 'renewed',
        trigger: 'manual',
        problem: null,
      };
      this.#change(account, {
        life: {
          issued_at: record.at,
          renew_at: new Date(now + 20 * 3_600_000).toISOString(),
          expires_at: new Date(now + 72 * 3_600_000).toISOString(),
        },
        renewals: [record, ...this.#account(account).renewals],
        health: { state: 'healthy' },
        last_error: null,
      });
      return record;
    });
  }

  renewAll(): Promise<RenewalSummary> {
    return this.#command(['renewAll'], () => {
      const tried = this.#accounts.filter(canBeRenewed);
      const at = new Date(this.script.now()).toISOString();
      for (const { id, service, renewals } of tried) {
        const failed = this.failingRenewals.includes(id);
        const problem: Problem | null = failed ? { code: 'timeout', service, detail: 'no answer within 10 s', service_message: null } : null;
        this.#change(id, {
          renewals: [{ at, outcome: failed ? 'failed' : 'renewed', trigger: 'manual', problem }, ...renewals],
          last_error: problem,
        });
      }
      const failed = tried.filter(({ id }) => this.failingRenewals.includes(id)).length;
      return { renewed: tried.length - failed, unchanged: 0, failed, skipped: this.#accounts.length - tried.length };
    });
  }

  check(account: string): Promise<CheckOutcome> {
    return this.#command(['check', account], () => {
      this.#change(account, { checked_at: new Date(this.script.now()).toISOString(), last_error: null });
      return 'valid';
    });
  }

  signOut(account: string): Promise<SignedOut> {
    return this.#command(['signOut', account], () => {
      this.#remove(account);
      return { confirmed: this.script.signOutConfirmed ?? true };
    });
  }

  forget(account: string): Promise<void> {
    return this.#command(['forget', account], () => {
      this.#remove(account);
    });
  }

  setLabel(account: string, label: string): Promise<void> {
    return this.#command(['setLabel', account, label], () => {
      this.#change(account, { label: label.trim() || null });
    });
  }

  setNote(account: string, note: string): Promise<void> {
    return this.#command(['setNote', account, note], () => {
      this.#change(account, { note: note.trim() || null });
    });
  }

  deliveryFacts(): Promise<DeliveryFacts> {
    return Promise.resolve(this.script.deliveryFacts);
  }

  pasteDeliverySecret(name: string): Promise<boolean> {
    return this.#command(['pasteDeliverySecret', name], () => true);
  }

  dropDeliverySecrets(): Promise<void> {
    return this.#command(['dropDeliverySecrets'], () => undefined);
  }

  chooseDeliveryFile(exists: boolean): Promise<string | null> {
    return this.#command(['chooseDeliveryFile', exists], () => '/srv/music/cookie/tencent');
  }

  addDelivery(account: string, delivery: NewDelivery): Promise<string> {
    return this.#command(['addDelivery', account, delivery], () => {
      const id = `new000000${String(this.#deliveries.length)}`;
      const { preset, answers, label, scope } = delivery;
      this.deliver([
        ...this.#deliveries,
        {
          id,
          account,
          preset,
          answers,
          label,
          enabled: true,
          target: NOWHERE,
          format: 'header',
          scope,
          last: null,
          earlier: [],
          delivered: null,
          own: null,
          tried: null,
          failures: 0,
          next_try_at: null,
          written: null,
          state: scope === 'own_sign_in' ? 'needs_sign_in' : 'waiting',
          summary: answers['path'] ?? answers['url'] ?? preset,
          retry_at: null,
        },
      ]);
      return id;
    });
  }

  changeDelivery(delivery: string, answers: Record<string, string>): Promise<void> {
    return this.#command(['changeDelivery', delivery, answers], () => {
      this.#changeDelivery(delivery, (known) => ({ answers, summary: answers['path'] ?? answers['url'] ?? known.summary, last: null, earlier: [], state: 'waiting', retry_at: null }));
    });
  }

  setDeliveryLabel(delivery: string, label: string): Promise<void> {
    return this.#command(['setDeliveryLabel', delivery, label], () => {
      this.#changeDelivery(delivery, () => ({ label: label.trim() || null }));
    });
  }

  switchDelivery(delivery: string, enabled: boolean): Promise<void> {
    return this.#command(['switchDelivery', delivery, enabled], () => {
      this.#changeDelivery(delivery, ({ last }) => ({ enabled, state: enabled ? (last?.outcome === 'confirmed' ? 'delivered' : 'waiting') : 'off' }));
    });
  }

  testDelivery(delivery: string): Promise<DeliveryRecord> {
    return this.#command(['testDelivery', delivery], () => this.#send(delivery));
  }

  sendDelivery(delivery: string): Promise<DeliveryRecord> {
    return this.#command(['sendDelivery', delivery], () => this.#send(delivery));
  }

  previewDelivery(delivery: string): Promise<string> {
    // Asked for by itself: nobody has done anything.
    const known = this.#deliveries.find(({ id }) => id === delivery);
    return Promise.resolve(known?.preset === 'webhook' ? '{"account":"qqmusic:100000123","cookie":"uin=***; qm_keyst=***"}' : 'uin=***; qm_keyst=***');
  }

  removeDelivery(delivery: string): Promise<void> {
    return this.#command(['removeDelivery', delivery], () => {
      this.deliver(this.#deliveries.filter(({ id }) => id !== delivery));
    });
  }

  setSetting(key: SettingKey, value: string): Promise<void> {
    return this.#command(['setSetting', key, value], () => {
      this.#settings = changed(this.#settings, key, value);
      this.emit({ kind: 'settings', settings: this.#settings });
    });
  }

  chooseExtraCa(): Promise<void> {
    return this.#command(['chooseExtraCa'], () => {
      this.#settings = { ...this.#settings, extra_ca: '/etc/ssl/corp-root-ca.pem' };
      this.emit({ kind: 'settings', settings: this.#settings });
    });
  }

  testConnection(): Promise<ConnectionTest[]> {
    return this.#command(['testConnection'], () => this.script.reach ?? []);
  }

  channelKinds(): Promise<ChannelFacts[]> {
    return Promise.resolve(channels);
  }

  addChannel(kind: ChannelKind, label: string | null, values: Record<string, string>, plain: boolean): Promise<void> {
    return this.#command(['addChannel', kind, label, values, plain], () => {
      const id = `added${String(this.#notifications.channels.length)}`;
      const secrets = channels.find((facts) => facts.kind === kind)?.fields.filter(({ secret }) => secret).map(({ key }) => key) ?? [];
      const added = { id, kind, label, enabled: true, language: 'english', open: {}, secrets, host: 'push.example', allows_plain_http: plain, last: null } as const;
      this.#notify({ channels: [...this.#notifications.channels, added] });
    });
  }

  changeChannel(channel: string, label: string | null, values: Record<string, string>, plain: boolean): Promise<void> {
    return this.#command(['changeChannel', channel, label, values, plain], () => {
      const { channels } = this.#notifications;
      this.#notify({ channels: channels.map((known) => (known.id === channel ? { ...known, label } : known)) });
    });
  }

  switchChannel(channel: string, enabled: boolean): Promise<void> {
    return this.#command(['switchChannel', channel, enabled], () => {
      this.#notify({ channels: this.#notifications.channels.map((one) => (one.id === channel ? { ...one, enabled } : one)) });
    });
  }

  testChannel(channel: string): Promise<ChannelRecord> {
    return this.#command(['testChannel', channel], () => {
      const last = this.#record();
      this.#notify({ channels: this.#notifications.channels.map((one) => (one.id === channel ? { ...one, last } : one)) });
      return last;
    });
  }

  removeChannel(channel: string): Promise<void> {
    return this.#command(['removeChannel', channel], () => {
      this.#notify({ channels: this.#notifications.channels.filter(({ id }) => id !== channel) });
    });
  }

  setQuietHours(hours: string | null): Promise<void> {
    return this.#command(['setQuietHours', hours], () => {
      this.#notify({ quiet_hours: hours });
    });
  }

  setAlertHours(renewal: number | null, keychain: number | null): Promise<void> {
    return this.#command(['setAlertHours', renewal, keychain], () => {
      const { renewal_hours, keychain_hours } = this.#notifications;
      this.#notify({ renewal_hours: renewal ?? renewal_hours, keychain_hours: keychain ?? keychain_hours });
    });
  }

  setPing(address: string, minutes: number, plain: boolean): Promise<void> {
    return this.#command(['setPing', address, minutes, plain], () => {
      if (!address.startsWith('https://')) throw invalid('that is no address');
      const { host } = new URL(address);
      this.#notify({ ping: { host, minutes, reports_failures: host === 'hc-ping.com', allows_plain_http: plain, last: null } });
    });
  }

  setPingMinutes(minutes: number): Promise<void> {
    return this.#command(['setPingMinutes', minutes], () => {
      const { ping } = this.#notifications;
      this.#notify({ ping: ping && { ...ping, minutes } });
    });
  }

  removePing(): Promise<void> {
    return this.#command(['removePing'], () => {
      this.#notify({ ping: null });
    });
  }

  testPing(): Promise<ChannelRecord> {
    return this.#command(['testPing'], () => {
      const { ping } = this.#notifications;
      const last = this.#record();
      this.#notify({ ping: ping && { ...ping, last } });
      return last;
    });
  }

  switchLocalApi(on: boolean, port: number): Promise<void> {
    return this.#command(['switchLocalApi', on, port], () => {
      this.api.switch(on, port);
    });
  }

  copyApiAddress(): Promise<void> {
    return this.#command(['copyApiAddress'], () => undefined);
  }

  apiUses(): Promise<ApiVisit[]> {
    return Promise.resolve(this.api.visits);
  }

  addApiToken(name: string, scopes: ApiScope[]): Promise<void> {
    return this.#command(['addApiToken', name, scopes], () => {
      this.api.add(name, scopes);
    });
  }

  copyApiToken(): Promise<void> {
    return this.#command(['copyApiToken'], () => {
      const seconds = this.#settings.clipboard_seconds;
      const until = new Date(this.script.now() + seconds * 1000).toISOString();
      if (this.api.kept !== null) this.emit({ kind: 'clipboard', clip: { kind: 'token', name: this.api.kept, seconds, until } });
    });
  }

  dropApiToken(): Promise<void> {
    return this.#command(['dropApiToken'], () => {
      this.api.drop();
    });
  }

  revokeApiToken(name: string): Promise<void> {
    return this.#command(['revokeApiToken', name], () => {
      this.api.revoke(name);
    });
  }

  setPreferences(change: PreferenceChange): Promise<void> {
    return this.#command(['setPreferences', change], () => {
      this.#preferences = { ...this.#preferences, ...change };
      this.emit({ kind: 'preferences', preferences: this.#preferences });
    });
  }

  keychainRetry(): Promise<KeychainState> {
    return this.#command(['keychainRetry'], () => {
      const state = this.script.keychainAfterRetry ?? 'ready';
      this.emit({ kind: 'keychain', state });
      return state;
    });
  }

  startsAtLogin(): Promise<boolean> {
    return Promise.resolve(this.#startsAtLogin);
  }

  setStartAtLogin(on: boolean): Promise<void> {
    return this.#command(['setStartAtLogin', on], () => {
      this.#startsAtLogin = on;
    });
  }

  openReleases(): Promise<void> {
    return this.#command(['openReleases'], () => undefined);
  }

  quit(): Promise<void> {
    return this.#command(['quit'], () => undefined);
  }

  /** Reports the deliveries, as the program would by itself. */
  deliver(deliveries: DeliveryStatus[]): void {
    this.#deliveries = deliveries;
    this.emit({ kind: 'deliveries', deliveries, revision: ++this.#revision });
  }

  #changeDelivery(id: string, change: (known: DeliveryStatus) => Partial<DeliveryStatus>): void {
    this.deliver(this.#deliveries.map((known) => (known.id === id ? { ...known, ...change(known) } : known)));
  }

  #send(id: string): DeliveryRecord {
    const record: DeliveryRecord = this.script.delivered ?? { at: new Date(this.script.now()).toISOString(), outcome: 'confirmed', problem: null, notice: null };
    const worked = record.outcome !== 'failed' && record.outcome !== 'later';
    this.#changeDelivery(id, ({ last, earlier }) => ({
      last: record,
      earlier: last === null ? earlier : [last, ...earlier],
      state: worked ? 'delivered' : 'failing',
      retry_at: null,
    }));
    return record;
  }

  /** Answers like a program would: a little later, or never, or with a problem. */
  #command<T>(call: Call, answer: () => T): Promise<T> {
    this.calls.push(call);
    const [command] = call;
    if (this.hanging.includes(command)) return new Promise<never>(() => undefined);
    const problem = this.failing[command];
    // A problem crosses as plain data, not as an Error.
    if (problem) return Promise.reject(problem);
    return Promise.resolve().then(answer);
  }

  #notify(change: Partial<NotificationSettings>): void {
    this.#notifications = { ...this.#notifications, ...change };
    this.emit({ kind: 'notifications', notifications: this.#notifications });
  }

  #record(): ChannelRecord {
    return { at: new Date(this.script.now()).toISOString(), problem: this.unsent };
  }

  #account(id: string): Account {
    const account = this.#accounts.find((account) => account.id === id);
    if (account === undefined) throw new Error(`no account ${id}`);
    return account;
  }

  #change(id: string, change: Partial<Account>): Account {
    const account = { ...this.#account(id), ...change, revision: ++this.#revision };
    this.#accounts = this.#accounts.map((known) => (known.id === id ? account : known));
    this.#listeners.forEach((listener) => {
      listener({ kind: 'account', account });
    });
    return account;
  }

  #remove(id: string): void {
    this.#accounts = this.#accounts.filter((account) => account.id !== id);
    this.emit({ kind: 'account_gone', id, revision: ++this.#revision });
  }
}
