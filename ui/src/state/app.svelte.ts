import { getContext, setContext } from 'svelte';

import { languageOf, say, type Language, type Say } from '../copy';
import { problemSays } from '../format/problem';
import { moment, regionOf, type Region } from '../format/time';
import type { About } from '../host/bindings/About';
import type { Account } from '../host/bindings/Account';
import type { Busy } from '../host/bindings/Busy';
import type { Clip } from '../host/bindings/Clip';
import type { Format } from '../host/bindings/Format';
import type { Method } from '../host/bindings/Method';
import type { PreferenceChange } from '../host/bindings/PreferenceChange';
import type { Preferences } from '../host/bindings/Preferences';
import type { Problem } from '../host/bindings/Problem';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { ServiceInfo } from '../host/bindings/ServiceInfo';
import type { WayIn } from '../host/bindings/WayIn';
import { problemFrom, type Host, type HostEvent, type SettingKey } from '../host/host';

import type { Announcer } from './announcer';
import type { Clock } from './clock.svelte';
import { Core } from './core.svelte';
import { recalled, remembered, type Place } from './place';
import { SignIn } from './sign-in.svelte';
import { Toasts } from './toasts.svelte';
import { Turns } from './turns';

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
  /** The view that the program was told of last. */
  #told: string | null = null;
  /** The preferences that came before the first ones were there: they are newer. */
  #early: Preferences | null = null;
  readonly #preferring = new Turns();
  readonly #setting = new Turns();
  readonly #copying = new Turns();
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
    this.#preferences = this.#early ?? preferences;
    this.#restored = this.#told = preferences.lastView;
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
    await this.#try(() => this.#copying.take(() => this.host.copyCookie(account.id, format)));
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
    await this.#try(async () => {
      await this.host.renewAll();
    });
  }

  async check(account: Account): Promise<void> {
    await this.#ask(account, 'checking', async () => {
      const outcome = await this.host.check(account.id);
      this.tell(this.say(outcome === 'renewed' ? 'to.revived' : 'to.valid'));
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
      await this.#setting.take(() => this.host.setSetting(key, value));
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Lets the person choose a certificate file. */
  async chooseExtraCa(): Promise<Problem | null> {
    try {
      await this.host.chooseExtraCa();
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Changes some of the window's own preferences. */
  async prefer(change: PreferenceChange): Promise<void> {
    await this.#try(() => this.#preferring.take(() => this.host.setPreferences(change)));
  }

  /** Asks the keychain again. */
  async retryKeychain(): Promise<void> {
    await this.#try(async () => {
      const state = await this.host.keychainRetry();
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
        if (!this.#ready) this.#early = event.preferences;
        break;
      case 'clipboard':
        if (event.clip !== null) this.#copied(event.clip);
        else if (this.toasts.cleared()) this.tell(this.say('to.cleared'));
        break;
      case 'open':
        if (this.#ready) this.#open(event);
        else this.#awaited = event;
        break;
    }
  }

  #copied(clip: Clip): void {
    if (!this.toasts.copied(clip)) return;
    if (clip.health.state === 'needs_sign_in') this.tell(this.say('to.copied.dead'), 'bad');
    else this.announce.polite(this.say('to.live', { f: this.say(`f.${clip.format}`), n: clip.seconds }));
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

  #lastAccount(): string | null {
    const place = this.#place.view === 'accounts' ? this.#place : recalled(this.#restored);
    return place.view === 'accounts' ? place.account : null;
  }

  #remember(): void {
    if (this.#place.view === 'accounts') this.#restored = remembered(this.#place);
    const lastView = remembered(this.#place);
    if (lastView === this.#told || this.#place.view === 'add') return;
    this.#told = lastView;
    void this.prefer({ lastView });
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
