import { getContext, setContext } from 'svelte';

import { languageOf, say, type Language, type Say } from '../copy';
import { knowDeliveries } from '../copy/deliveries';
import { learn, wordsIn } from '../copy/sentences';
import { formatName, know, serviceName } from '../copy/services';
import { arranged, canBeRenewed, canCopy, nameOf, succeeded, type Circumstances, type Order } from '../format/account';
import { deliveredTo, ownerOf } from '../format/delivery';
import { problemSays } from '../format/problem';
import { moment, regionOf, type Region } from '../format/time';
import type { About } from '../host/bindings/About';
import type { ApiStatus } from '../host/bindings/ApiStatus';
import type { Account } from '../host/bindings/Account';
import type { Busy } from '../host/bindings/Busy';
import type { Clip } from '../host/bindings/Clip';
import type { CopyChoice } from '../host/bindings/CopyChoice';
import type { Method } from '../host/bindings/Method';
import type { PreferenceChange } from '../host/bindings/PreferenceChange';
import type { Preferences } from '../host/bindings/Preferences';
import type { Problem } from '../host/bindings/Problem';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { ServiceInfo } from '../host/bindings/ServiceInfo';
import type { SignInOption } from '../host/bindings/SignInOption';
import { problemFrom, type Host, type HostEvent, type SettingKey } from '../host/host';

import type { Announcer } from './announcer';
import type { Clock } from './clock.svelte';
import { Core } from './core.svelte';
import { Deliveries } from './deliveries.svelte';
import { Pictures } from './pictures.svelte';
import { recalled, recalledOrder, remembered, type Place } from './place';
import { SignIn } from './sign-in.svelte';
import { Toasts, type Note } from './toasts.svelte';
import { Turns } from './turns';

/** How long it is said that something was asked too often, in milliseconds. */
const RATE_LIMIT_TOLD = 60_000;

/** The window: what is shown, and what the person can do. Views read it and call it; it calls the host. */
export class App {
  readonly core = new Core();
  readonly toasts = new Toasts();
  readonly pictures: Pictures;
  readonly signIn: SignIn;
  readonly deliveries: Deliveries;

  #ready = $state(false);
  #place = $state.raw<Place>({ view: 'accounts', account: null });
  #preferences = $state.raw<Preferences>({ theme: 'system', language: 'system', closeToTray: true, trayCopies: true, lastView: null });
  #about = $state.raw<About>({ version: '', licence: '', os: 'linux', locale: 'en', store: null, sentences: {} });
  #services = $state.raw<ServiceInfo[]>([]);
  /** What was asked for and has not been answered, by account; the core's own word arrives a moment later. */
  #asked = $state.raw<Record<string, Busy>>({});
  /** The view that the program was told of last. */
  #told: string | null = null;
  /** Whether events come, so that everything that is known is new. */
  #listens = false;
  /** The preferences that came before then: they are newer than those that were asked for. */
  #early: Preferences | null = null;
  readonly #preferring = new Turns();
  readonly #setting = new Turns();
  readonly #copying = new Turns();
  #clipName = $state('');
  /** Whether the person is being asked about an account's removal, or it is under way. */
  #removing = false;
  #question = $state.raw<Question | null>(null);
  #renewingAll = $state(false);
  #api = $state.raw<ApiStatus | null>(null);
  #order = $state<Order>('added');
  /** What the accounts are searched for. */
  query = $state('');
  /** Where the accounts were left: at one of them, or at all. */
  #home: Place = this.#place;
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
    this.pictures = new Pictures(host);
    this.deliveries = new Deliveries(host, this);
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
  /** The account that the view is about, if it is about one. */
  get subject(): Account | undefined {
    const place = this.#place;
    return place.view === 'delivery' || place.view === 'deliver' ? this.core.account(place.account) : this.account;
  }
  /** The accounts in the order that was chosen, as far as they match what is searched for. */
  readonly listed = $derived(arranged([...this.core.accounts], this.#order, this.query));
  get order(): Order {
    return this.#order;
  }
  /** What the account is called whose cookie is on the clipboard, which may have been removed since; or whose token is. */
  get clipName(): string {
    const { clip } = this.toasts;
    if (clip?.kind === 'token') return clip.name;
    const account = this.core.account(clip?.account ?? null);
    return account ? nameOf(account) : this.#clipName;
  }
  /** How the local API stands; `null` until it was said. */
  get api(): ApiStatus | null {
    return this.#api;
  }
  /** Whether the accounts are being renewed all at once. */
  get renewingAll(): boolean {
    return this.#renewingAll;
  }
  /** What an account's words depend on beside itself. */
  circumstances(account: Account): Circumstances {
    return {
      say: this.say,
      region: this.#region,
      now: this.clock.now,
      kc: this.keychainName,
      busy: this.busy(account),
      auto: this.core.settings?.auto_renew !== false,
      owner: account.method === 'cookiecloud' ? this.say('ho.browser') : ownerOf(this.say, this.core.deliveriesOf(account)),
      places: deliveredTo(this.say, this.core.deliveriesOf(account)),
    };
  }
  /** Whether a full copy of an account holds what renews it, so that a minimal one is something else. */
  copiesRenew({ service, renewability }: Account): boolean {
    return renewability !== 'not_renewable' && this.#services.some(({ id, copies_renew }) => id === service && copies_renew);
  }
  /** What keeps the credentials: what this system calls its keychain, or the store in its place. */
  get keychainName(): string {
    const { os, store } = this.#about;
    return store === null ? this.say(`kc.${os}`) : wordsIn(this.#language, store);
  }
  /** Whether that is the keychain, which the person opens in a dialog of the system's. */
  get hasKeychain(): boolean {
    return this.#about.store === null;
  }
  /** What the person is being asked, in a dialog, and about which account. */
  get question(): (Question & { account: Account }) | null {
    const account = this.core.account(this.#question?.id ?? null);
    return this.#question !== null && account ? { ...this.#question, account } : null;
  }

  /**
   * Asks for everything, and shows it without waiting until events come; asks again for what may have changed by then. Gives
   * the way to stop listening.
   */
  async open(): Promise<() => void> {
    const listening = this.host.subscribe((event) => {
      this.clock.tick();
      this.#apply(event);
    });
    const [snapshot, preferences, services, deliveries, about] = await Promise.all([
      this.host.snapshot(false),
      this.host.preferences(),
      this.host.services(),
      this.host.deliveryFacts(),
      this.host.about(),
    ]);
    this.#services = services;
    this.#about = about;
    learn(about.sentences);
    know(services.map(({ facts }) => facts));
    knowDeliveries(deliveries);
    this.#preferences = this.#early ?? preferences;
    this.#told = preferences.lastView;
    this.core.begin(snapshot);
    this.#place = recalled(preferences.lastView);
    this.#order = recalledOrder(preferences.lastView);
    if (this.#place.view !== 'settings') this.#home = this.#place;
    this.#ready = true;
    const stop = await listening;
    const [now, newest] = await Promise.all([this.host.snapshot(true), this.host.preferences()]);
    this.core.replace(now);
    this.#preferences = this.#early ?? newest;
    this.#listens = true;
    if (this.#awaited !== null) this.#open(this.#awaited);
    return stop;
  }

  // ---- where ----

  /** Goes somewhere; leaving a sign-in ends it. */
  go(place: Place): void {
    if (this.#place.view === 'add' && place.view !== 'add') this.signIn.leave();
    if (place.view !== 'deliver') this.deliveries.forgetSecrets();
    this.#place = place;
    this.#question = null;
    if (place.view === 'accounts' || place.view === 'overview') this.#home = place;
    this.#remember();
  }

  /** Shows the accounts: that one, or what of them was shown last. */
  openAccounts(account: string | null = null): void {
    this.go(account === null ? { ...this.#home } : { view: 'accounts', account });
  }

  /** Goes from a delivery, or from where one is set up, to what it belongs to. */
  back(): void {
    const place = this.#place;
    if (place.view === 'deliver' && place.delivery !== null) this.go({ view: 'delivery', account: place.account, delivery: place.delivery });
    else if (place.view === 'deliver' && place.preset !== null) this.go({ ...place, preset: null });
    else if (place.view === 'deliver' || place.view === 'delivery') this.openAccounts(place.account);
  }

  /** Lists the accounts in another order. */
  arrange(order: Order): void {
    this.#order = order;
    this.#remember();
  }

  /** Offers the services to add an account of. */
  openPicker(): void {
    this.signIn.leave();
    this.go({ view: 'add', way: null });
  }

  /** Starts adding an account: that service's best way in, unless another is asked for. */
  openSignIn(service: ServiceId, method?: Method, wanted: string | null = null, delivery: string | null = null): void {
    const offered = this.#services.find(({ id }) => id === service)?.methods ?? [];
    const chosen = offered.find((offer) => offer === method) ?? offered[0];
    if (chosen === undefined) return;
    this.go({ view: 'add', way: { service, method: chosen } });
    void this.signIn.start(service, chosen, wanted, delivery);
  }

  /** Takes what was pasted to the service that it is for. */
  pasteElsewhere(service: ServiceId): void {
    this.go({ view: 'add', way: { service, method: this.signIn.way?.method ?? 'paste' } });
    void this.signIn.pasteElsewhere(service);
  }

  /** Starts another way in, for the same account if it is to be a certain one. */
  openOtherWay({ service, method }: SignInOption): void {
    this.openSignIn(service, method, this.signIn.wanted, this.signIn.delivery);
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

  /** Puts an account's cookie on the clipboard. Asks first when it would not work anywhere. */
  async copy(account: Account, choice: CopyChoice | null = null, anyway = false): Promise<void> {
    if (!canCopy(account)) return;
    if (account.health.state === 'needs_sign_in' && !anyway) {
      this.#question = { kind: 'copy-dead', id: account.id, choice };
      return;
    }
    await this.#try(() => this.#copying.take(() => this.host.copyCookie(account.id, choice)), account);
  }

  async clearClipboard(): Promise<void> {
    await this.#try(() => this.host.clearClipboard());
  }

  async renew(account: Account): Promise<void> {
    await this.#ask(account, 'renewing', async () => {
      const record = await this.host.renew(account.id);
      if (record.outcome === 'renewed') {
        // The account's own news may come after this answer: then its time is still the old one.
        this.#tellOf(account, () => {
          const next = this.core.account(account.id)?.life.renew_at ?? null;
          return next === null || next === account.life.renew_at
            ? this.say('to.renewed.only')
            : this.say('to.renewed', { t: moment(this.#region, new Date(next), this.clock.now) });
        });
      } else if (record.outcome === 'unchanged') this.#tellOf(account, () => this.say('to.unchanged'));
      else if (record.problem !== null) this.fail(record.problem, account);
    });
  }

  async renewAll(): Promise<void> {
    const before = this.core.accounts;
    if (before.length === 0 || this.#renewingAll) return;
    this.#renewingAll = true;
    const tried = before.filter(canBeRenewed).length;
    if (tried > 0) this.tell(() => this.say('to.all', { n: tried }), 'busy');
    await this.#try(async () => {
      const { renewed, unchanged, failed, skipped } = await this.host.renewAll();
      const last = (accounts: Account[], id: string) => accounts.find((account) => account.id === id)?.renewals[0];
      // Read when it is said: an account's own news may come after this answer.
      const names = () =>
        this.core.accounts
          .filter(({ id, renewals: [now] }) => now && !succeeded(now) && now.at !== last(before, id)?.at)
          .map(nameOf)
          .join(this.#language === 'en' ? ', ' : '、');
      const text = () => {
        const parts = [
          renewed > 0 && this.say('to.all.renewed', { n: renewed }),
          unchanged > 0 && this.say('to.all.unchanged', { n: unchanged }),
          failed > 0 && this.say('to.all.failed', { n: failed, names: names() }),
          skipped > 0 && this.say('to.all.skipped', { n: skipped }),
        ].filter((part) => part !== false);
        return `${parts.join(this.#language === 'en' ? '; ' : '；') || this.say('to.all.none')}${this.#language === 'en' ? '.' : '。'}`;
      };
      let named = false;
      this.tell(text, failed > 0 ? 'bad' : 'ok', () => {
        named ||= names() !== '';
        return !named || names() !== '';
      });
    });
    this.#renewingAll = false;
  }

  async check(account: Account): Promise<void> {
    await this.#ask(account, 'checking', async () => {
      const outcome = await this.host.check(account.id);
      this.#tellOf(account, () => this.say(outcome === 'renewed' ? 'to.revived' : 'to.valid'));
    });
  }

  /** Gives an account a name of the person's own, or a note; an empty one takes it away. */
  async write(account: Account, what: 'label' | 'note', text: string): Promise<void> {
    if (text.trim() === (account[what] ?? '')) return;
    await this.#try(() => (what === 'label' ? this.host.setLabel(account.id, text) : this.host.setNote(account.id, text)), account);
  }

  /** Puts the question away. */
  unask(): void {
    this.#question = null;
  }

  /** Has an account removed. The system asks the person first, outside of this page: until then nothing is under way. */
  async remove(account: Account, how: 'forget' | 'sign-out'): Promise<void> {
    if (this.#removing) return;
    this.#removing = true;
    await this.#try(async () => {
      if (how === 'forget') {
        await this.host.forget(account.id);
        this.#tellOf(account, () => this.say('to.forgotten'));
      } else {
        const { confirmed } = await this.host.signOut(account.id);
        if (confirmed) this.#tellOf(account, () => this.say('to.signedout'));
        else this.#tellOf(account, () => this.say('rd.unconfirmed', { svc: serviceName(this.say, account.service) }), 'bad');
      }
    }, account);
    this.#removing = false;
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

  /** Asks the keychain again. Gives what to say when that did not help. */
  async retryKeychain(): Promise<string | null> {
    let said: string | null = null;
    try {
      const state = await this.host.keychainRetry();
      if (state !== 'ready') said = this.say(state === 'locked' && this.hasKeychain ? 'kl.still.locked' : 'kl.still');
    } catch (thrown) {
      const problem = problemFrom(thrown);
      said = problem.code === 'keychain_locked' && this.hasKeychain ? this.say('kl.still.locked') : problemSays(this.say, problem);
    }
    if (said !== null) this.announce.assertive(said);
    return said;
  }

  /** Whether TuneKey starts with the computer; `null` when the system does not say. */
  async startsAtLogin(): Promise<boolean | null> {
    return this.host.startsAtLogin().catch(() => null);
  }

  /** Gives whether the system has taken it. */
  async setStartAtLogin(on: boolean): Promise<boolean> {
    let taken = false;
    await this.#try(async () => {
      await this.host.setStartAtLogin(on);
      taken = true;
    });
    return taken;
  }

  async openReleases(): Promise<void> {
    await this.#try(() => this.host.openReleases());
  }

  async quit(): Promise<void> {
    await this.#try(() => this.host.quit());
  }

  // ---- telling ----

  /** Says something in a toast and aloud. The toast belongs to the view that it is said in, and holds while `holds` does. */
  tell(text: () => string, tone: Note['tone'] = 'ok', holds: () => boolean = () => true): void {
    const place = this.#place;
    this.toasts.say(text, tone, () => this.#place === place && holds());
    if (tone === 'bad') this.announce.assertive(text());
    else this.announce.polite(text());
  }

  /** Says what went wrong, and with which account. */
  fail(problem: Problem, account?: Account): void {
    // Who has said no knows.
    if (problem.code === 'cancelled') return;
    const text = () => problemSays(this.say, problem);
    // A keychain that cannot be used has a view of its own, which says more; once it can be, the words are untrue.
    const keychain = () => this.core.keychain === 'ready';
    // Whoever was told to wait for a minute may ask again after it.
    const over = problem.code === 'rate_limited' ? this.clock.milliseconds + RATE_LIMIT_TOLD : Infinity;
    const holds = () => keychain() && this.clock.milliseconds < over;
    if (account === undefined) return this.tell(text, 'bad', holds);
    const then = this.core.account(account.id);
    this.#tellOf(account, text, 'bad', () => {
      const now = this.core.account(account.id);
      const better = now?.life.issued_at !== then?.life.issued_at || now?.checked_at !== then?.checked_at;
      // The account's own view says the same in its banner.
      const said = now !== undefined && this.account?.id === now.id && ('reason' in now.health || now.last_error !== null);
      return holds() && now !== undefined && !better && !said;
    });
  }

  /** Says something about an account, by its name. What went well holds until the account does worse. */
  #tellOf(account: Account, text: () => string, tone: Note['tone'] = 'ok', holds?: () => boolean): void {
    const then = this.core.account(account.id)?.last_error?.code;
    const well = () => {
      const now = this.core.account(account.id);
      // The news that its trouble is over may come after the answer.
      return now === undefined || (now.health.state !== 'needs_sign_in' && (now.last_error === null || now.last_error.code === then));
    };
    this.tell(() => this.say('to.about', { name: nameOf(account), text: text() }), tone, holds ?? well);
  }

  #apply(event: HostEvent): void {
    switch (event.kind) {
      case 'account':
      case 'account_gone':
      case 'keychain':
      case 'settings':
      case 'deliveries':
      case 'notifications':
      case 'sign_ins':
        this.core.apply(event);
        break;
      case 'sign_in':
        this.signIn.apply(event.id, event.step);
        if (event.step.step === 'done') this.core.apply({ kind: 'account', account: event.step.account });
        break;
      case 'preferences':
        this.#preferences = event.preferences;
        if (!this.#listens) this.#early = event.preferences;
        break;
      case 'clipboard':
        if (event.clip !== null) this.#copied(event.clip);
        else if (this.toasts.cleared()) this.tell(() => this.say('to.cleared'));
        break;
      case 'local_api':
        this.#api = event.status;
        break;
      case 'open':
        if (this.#ready) this.#open(event);
        else this.#awaited = event;
        break;
    }
  }

  #copied(clip: Clip): void {
    const account = clip.kind === 'cookie' && this.core.account(clip.account);
    if (account) this.#clipName = nameOf(account);
    if (!this.toasts.copied(clip)) return;
    const name = this.clipName;
    if (clip.kind === 'token') return this.announce.polite(this.say('to.live.token', { name, n: clip.seconds }));
    this.announce.polite(this.say(clip.scope === 'full' ? 'to.live' : 'to.live.minimal', { name, f: formatName(this.say, clip.format), n: clip.seconds }));
  }

  #open({ view, account, service, delivery }: HostEvent & { kind: 'open' }): void {
    if (account !== null && delivery !== null) this.go({ view: 'delivery', account, delivery });
    else if (view === 'accounts') this.openAccounts(account);
    else if (service !== null) this.openSignIn(service, this.core.account(account)?.method, account);
    else this.openPicker();
  }

  #remember(): void {
    const lastView = remembered(this.#place, this.#order);
    if (lastView === this.#told || this.#place.view === 'add') return;
    this.#told = lastView;
    void this.prefer({ lastView });
  }

  async #ask(account: Account, what: Busy, action: () => Promise<void>): Promise<boolean> {
    if (this.busy(account) !== null) return false;
    this.#asked = { ...this.#asked, [account.id]: what };
    const worked = await this.#try(action, account);
    this.#asked = Object.fromEntries(Object.entries(this.#asked).filter(([id]) => id !== account.id));
    return worked;
  }

  /** Does something and says so when it does not work. */
  async #try(action: () => Promise<void>, account?: Account): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (thrown) {
      this.fail(problemFrom(thrown), account);
      return false;
    }
  }
}

/** What the person is asked in a dialog. */
export interface Question {
  kind: 'copy-dead';
  id: string;
  choice: CopyChoice | null;
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
