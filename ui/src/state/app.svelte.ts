import { getContext, setContext } from 'svelte';

import { languageOf, say, type Language, type Say } from '../copy';
import { problemSays } from '../format/problem';
import { moment, regionOf, type Region } from '../format/time';
import type { About } from '../host/bindings/About';
import type { Account } from '../host/bindings/Account';
import type { Busy } from '../host/bindings/Busy';
import type { Format } from '../host/bindings/Format';
import type { Method } from '../host/bindings/Method';
import type { Preferences } from '../host/bindings/Preferences';
import type { Problem } from '../host/bindings/Problem';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { ServiceInfo } from '../host/bindings/ServiceInfo';
import type { Settings } from '../host/bindings/Settings';
import type { WayIn } from '../host/bindings/WayIn';
import { problemFrom, type Host, type HostEvent, type SettingKey } from '../host/host';

import type { Announcer } from './announcer';
import type { Clock } from './clock.svelte';
import { Core } from './core.svelte';
import { recalled, remembered, type Place } from './place';
import { SignIn } from './sign-in.svelte';
import { Toasts } from './toasts.svelte';

/** The window: what is shown, and what the person can do. Views read it and call it; it calls the host. */
export class App {
  readonly core = new Core();
  readonly toasts = new Toasts();
  readonly signIn: SignIn;

  #ready = $state(false);
  #place = $state.raw<Place>({ view: 'accounts', account: null });
  #preferences = $state.raw<Preferences>({ theme: 'system', language: 'system', closeToTray: true, lastView: null });
  #about = $state.raw<About>({ version: '', licence: '', os: 'linux', locale: 'en' });
  #services = $state.raw<ServiceInfo[]>([]);
  /** What was asked for and has not been answered, by account; the core's own word arrives a moment later. */
  #asked = $state.raw<Record<string, Busy>>({});
  #removing = $state<{ account: string; how: 'forget' | 'sign-out' } | null>(null);
  #restored: string | null = null;
  /** Where somebody asked to go before there was anything to show: the tray can start the window. */
  #awaited: (HostEvent & { kind: 'open' }) | null = null;

  readonly #language = $derived<Language>(
    this.#preferences.language === 'system' ? languageOf(this.#about.locale) : this.#preferences.language,
  );
  readonly #region = $derived<Region>(regionOf(this.#language, this.#about.locale));

  constructor(
    readonly host: Host,
    readonly clock: Clock,
    readonly announce: Announcer,
  ) {
    this.signIn = new SignIn(
      host,
      () => clock.milliseconds,
      (problem) => {
        this.fail(problem);
      },
    );
  }

  /** Says a text in the window's language. */
  readonly say: Say = (key, ...values) => say(this.#language, key, ...values);

  /** Whether everything that the first view needs is there. */
  get ready(): boolean {
    return this.#ready;
  }
  get language(): Language {
    return this.#language;
  }
  /** Language and regional customs for dates. */
  get region(): Region {
    return this.#region;
  }
  get preferences(): Preferences {
    return this.#preferences;
  }
  get about(): About {
    return this.#about;
  }
  get services(): ServiceInfo[] {
    return this.#services;
  }
  get place(): Place {
    return this.#place;
  }
  /** The account on screen. */
  get account(): Account | undefined {
    if (this.#place.view !== 'accounts') return undefined;
    return this.core.account(this.#place.account) ?? this.core.accounts[0];
  }
  /** What this system calls its keychain. */
  get keychainName(): string {
    return this.say(`kc.${this.#about.os}`);
  }
  /** The account about to be removed, and how. */
  get removing(): { account: Account; how: 'forget' | 'sign-out' } | null {
    const account = this.core.account(this.#removing?.account ?? null);
    return this.#removing !== null && account ? { account, how: this.#removing.how } : null;
  }

  /** Subscribes, then asks for everything. Gives the way to stop listening. */
  async open(): Promise<() => void> {
    const stop = await this.host.subscribe((event) => {
      this.clock.tick();
      this.#apply(event);
    });
    const [snapshot, services, about, preferences] = await Promise.all([
      this.host.snapshot(),
      this.host.services(),
      this.host.about(),
      this.host.preferences(),
    ]);
    this.#services = services;
    this.#about = about;
    this.#preferences = preferences;
    this.#restored = preferences.lastView;
    this.core.replace(snapshot);
    this.#place = recalled(preferences.lastView);
    this.#ready = true;
    if (this.#awaited !== null) this.#open(this.#awaited);
    return stop;
  }

  // ---- where ----

  /** Goes somewhere; leaving a sign-in ends it. */
  go(place: Place): void {
    if (this.#place.view === 'add' && place.view !== 'add') this.signIn.leave();
    this.#place = place;
    this.#removing = null;
    this.#remember();
  }

  /** Shows the accounts: that one, or the one shown last. */
  openAccounts(account: string | null = null): void {
    this.go({ view: 'accounts', account: account ?? this.#lastAccount() });
  }

  /** Offers the services to add an account of. */
  openPicker(): void {
    this.signIn.leave();
    this.go({ view: 'add', way: null });
  }

  /** Starts adding an account: that service's best way in, unless another is asked for. */
  openSignIn(service: ServiceId, method?: Method, wanted: string | null = null): void {
    const offered = this.#services.find(({ id }) => id === service)?.methods ?? [];
    const chosen = offered.find((offer) => offer === method) ?? offered[0];
    if (chosen === undefined) return;
    this.go({ view: 'add', way: { service, method: chosen } });
    void this.signIn.start(service, chosen, wanted);
  }

  /** Takes what was pasted to the service that it is for. */
  pasteElsewhere(service: ServiceId): void {
    this.go({ view: 'add', way: { service, method: 'paste' } });
    void this.signIn.pasteElsewhere(service);
  }

  /** Starts another way in, for the same account if it is to be a certain one. */
  openOtherWay({ service, method }: WayIn): void {
    this.openSignIn(service, method, this.signIn.wanted);
  }

  /** Starts signing in to that account again, in the way that it came by. */
  signInAgain({ id, service, method }: Account): void {
    this.openSignIn(service, method, id);
  }

  // ---- accounts ----

  /** What is being done with an account. */
  busy(account: Account): Busy | null {
    return account.busy ?? this.#asked[account.id] ?? null;
  }

  /** Puts an account's cookie on the clipboard. */
  async copy(account: Account, format: Format | null = null): Promise<void> {
    await this.#try(async () => {
      const clip = await this.host.copyCookie(account.id, format);
      this.toasts.copied(clip);
      this.announce.polite(this.say('to.live', { f: this.say(`f.${clip.format}`), n: clip.seconds }));
    });
  }

  async clearClipboard(): Promise<void> {
    await this.#try(() => this.host.clearClipboard());
  }

  async renew(account: Account): Promise<void> {
    await this.#ask(account, 'renewing', async () => {
      const record = await this.host.renew(account.id);
      if (record.outcome === 'renewed') {
        // The account's own news may come after this answer: then its time is still the old one.
        const next = this.core.account(account.id)?.life.renew_at ?? null;
        this.tell(
          next === null || next === account.life.renew_at
            ? this.say('to.renewed.only')
            : this.say('to.renewed', { t: moment(this.#region, new Date(next), this.clock.now) }),
        );
      } else if (record.outcome === 'unchanged') this.tell(this.say('to.unchanged'));
      else if (record.problem !== null) this.fail(record.problem);
    });
  }

  async renewAll(): Promise<void> {
    if (this.core.accounts.length === 0) return;
    this.tell(this.say('to.all'));
    await this.#try(() => this.host.renewAll());
  }

  async check(account: Account): Promise<void> {
    await this.#ask(account, 'checking', async () => {
      const checked = await this.host.check(account.id);
      this.core.apply({ kind: 'account', account: checked });
      if (checked.health.state === 'needs_sign_in') this.announce.assertive(this.say('health.bad'));
      else if (checked.trouble !== null) this.fail(checked.trouble);
      else this.tell(this.say('to.valid'));
    });
  }

  /** Asks the person whether and how to remove an account; `null` puts the question away. */
  askToRemove(account: Account | null, how: 'forget' | 'sign-out' = 'forget'): void {
    this.#removing = account === null ? null : { account: account.id, how };
  }

  /** Removes an account. Tells whether that worked. */
  async remove(account: Account, how: 'forget' | 'sign-out'): Promise<boolean> {
    return this.#ask(account, 'signing_out', async () => {
      if (how === 'forget') {
        await this.host.forget(account.id);
        this.tell(this.say('to.forgotten'));
      } else {
        const { confirmed } = await this.host.signOut(account.id);
        if (confirmed) this.tell(this.say('to.signedout'));
        else this.tell(this.say('rd.unconfirmed', { svc: this.say(`svc.${account.service}`) }), 'bad');
      }
    });
  }

  // ---- settings ----

  /** Sets a shared setting. A problem is given back, for the field to show. */
  async set(key: SettingKey, value: string): Promise<Problem | null> {
    try {
      this.#settings(await this.host.setSetting(key, value));
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Lets the person choose a certificate file. */
  async chooseExtraCa(): Promise<Problem | null> {
    try {
      const settings = await this.host.chooseExtraCa();
      if (settings !== null) this.#settings(settings);
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Changes some of the window's own preferences. */
  async prefer(change: Partial<Preferences>): Promise<void> {
    // At once, so that the window follows the hand; the answer is the same or newer.
    this.#preferences = { ...this.#preferences, ...change };
    await this.#try(async () => {
      this.#preferences = await this.host.setPreferences(this.#preferences);
    });
  }

  /** Asks the keychain again. */
  async retryKeychain(): Promise<void> {
    await this.#try(async () => {
      const state = await this.host.keychainRetry();
      this.core.apply({ kind: 'keychain', state });
      if (state !== 'ready') this.announce.assertive(this.say('kl.still'));
    });
  }

  async quit(): Promise<void> {
    await this.#try(() => this.host.quit());
  }

  // ---- telling ----

  /** Says something in a toast and aloud. */
  tell(text: string, tone: 'ok' | 'bad' = 'ok'): void {
    this.toasts.say(text, tone);
    if (tone === 'ok') this.announce.polite(text);
    else this.announce.assertive(text);
  }

  /** Says what went wrong. */
  fail(problem: Problem): void {
    this.tell(problemSays(this.say, problem), 'bad');
  }

  #apply(event: HostEvent): void {
    switch (event.kind) {
      case 'account':
      case 'account_gone':
      case 'keychain':
      case 'settings':
        this.core.apply(event);
        break;
      case 'sign_in':
        this.signIn.apply(event.id, event.step);
        if (event.step.step === 'done') this.#signedIn(event.step.account);
        break;
      case 'preferences':
        this.#preferences = event.preferences;
        break;
      case 'clipboard':
        if (event.clip !== null) this.toasts.copied(event.clip);
        else if (this.toasts.cleared()) this.tell(this.say('to.cleared'));
        break;
      case 'open':
        if (this.#ready) this.#open(event);
        else this.#awaited = event;
        break;
    }
  }

  #signedIn(account: Account): void {
    this.core.apply({ kind: 'account', account });
    const method = this.signIn.done && this.signIn.way?.method;
    // Who filled in a form sits at this computer; after a scan the eyes come back from the phone first.
    if (method !== 'phone' && method !== 'paste') return;
    this.openAccounts(account.id);
    this.tell(this.say('to.signedin', { kc: this.keychainName }));
  }

  #open({ view, account, service }: HostEvent & { kind: 'open' }): void {
    if (view === 'accounts') this.openAccounts(account);
    else if (service !== null) this.openSignIn(service, this.core.account(account)?.method, account);
    else this.openPicker();
  }

  #settings(settings: Settings): void {
    this.core.apply({ kind: 'settings', settings });
  }

  #lastAccount(): string | null {
    const place = this.#place.view === 'accounts' ? this.#place : recalled(this.#restored);
    return place.view === 'accounts' ? place.account : null;
  }

  #remember(): void {
    if (this.#place.view === 'accounts') this.#restored = remembered(this.#place);
    const lastView = remembered(this.#place);
    if (lastView !== this.#preferences.lastView && this.#place.view !== 'add') void this.prefer({ lastView });
  }

  async #ask(account: Account, what: Busy, action: () => Promise<void>): Promise<boolean> {
    if (this.busy(account) !== null) return false;
    this.#asked = { ...this.#asked, [account.id]: what };
    const worked = await this.#try(action);
    this.#asked = Object.fromEntries(Object.entries(this.#asked).filter(([id]) => id !== account.id));
    return worked;
  }

  /** Does something and says so when it does not work. */
  async #try(action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (thrown) {
      const problem = problemFrom(thrown);
      // A keychain that cannot be used has a view of its own, which says more.
      if (this.core.keychain === 'ready') this.fail(problem);
      return false;
    }
  }
}

const KEY = Symbol('app');

/** Makes the window known to every view. */
export function provideApp(app: App): void {
  setContext(KEY, app);
}

/** The window. */
export function useApp(): App {
  return getContext<App>(KEY);
}
