import type { Account } from '../host/bindings/Account';
import type { DeliveryStatus } from '../host/bindings/DeliveryStatus';
import type { Event } from '../host/bindings/Event';
import type { KeychainState } from '../host/bindings/KeychainState';
import type { NotificationSettings } from '../host/bindings/NotificationSettings';
import type { Problem } from '../host/bindings/Problem';
import type { Settings } from '../host/bindings/Settings';
import type { Snapshot } from '../host/bindings/Snapshot';
import type { SystemProxyInfo } from '../host/bindings/SystemProxyInfo';

/**
 * What the core has said about itself: a snapshot, and the events since. Applying an event twice is harmless, and
 * so is one that comes late: states of an account that are older than the one known are dropped.
 */
export class Core {
  #accounts = $state.raw<Account[]>([]);
  #deliveries = $state.raw<DeliveryStatus[]>([]);
  /** The revision of the deliveries that are known. */
  #deliveriesAt = 0;
  #keychain = $state<KeychainState>('ready');
  #settings = $state.raw<Settings | null>(null);
  #notifications = $state.raw<NotificationSettings>({ channels: [], quiet_hours: null, renewal_hours: 6, keychain_hours: 6, ping: null });
  #notice = $state.raw<Problem | null>(null);
  #systemProxy = $state.raw<SystemProxyInfo | null>(null);
  #early: Event[] | null = [];
  /** The newest revision known of each account, those that are gone included. */
  readonly #revisions = new Map<string, number>();

  /** The accounts, oldest first. */
  get accounts(): Account[] {
    return this.#accounts;
  }

  /** The deliveries of an account, oldest first. */
  deliveriesOf(account: Account | string): DeliveryStatus[] {
    const id = typeof account === 'string' ? account : account.id;
    return this.#deliveries.filter((delivery) => delivery.account === id);
  }

  /** The delivery of that id. */
  delivery(id: string | null): DeliveryStatus | undefined {
    return this.#deliveries.find((delivery) => delivery.id === id);
  }

  /** Whether the keychain can be used. */
  get keychain(): KeychainState {
    return this.#keychain;
  }

  /** The shared settings; `null` until the first snapshot. */
  get settings(): Settings | null {
    return this.#settings;
  }

  /** How the person is told of what is wrong. */
  get notifications(): NotificationSettings {
    return this.#notifications;
  }

  /** What the person should know about the profile. */
  get notice(): Problem | null {
    return this.#notice;
  }

  /** What the system names as its proxy; `null` when it names none. */
  get systemProxy(): SystemProxyInfo | null {
    return this.#systemProxy;
  }

  /** The account of that id. */
  account(id: string | null): Account | undefined {
    return this.#accounts.find((account) => account.id === id);
  }

  /** Takes a snapshot that was asked for before events came. */
  begin(snapshot: Snapshot): void {
    this.#take(snapshot);
    [...(this.#early ?? [])].forEach((event) => {
      this.#change(event);
    });
  }

  /** Takes the snapshot, and again what came while it was on its way: some of that may be newer. */
  replace(snapshot: Snapshot): void {
    this.#take(snapshot);
    const early = this.#early ?? [];
    this.#early = null;
    early.forEach((event) => {
      this.#change(event);
    });
  }

  #take(snapshot: Snapshot): void {
    this.#accounts = snapshot.accounts;
    snapshot.accounts.forEach(({ id, revision }) => this.#revisions.set(id, revision));
    this.#deliveries = snapshot.deliveries;
    this.#deliveriesAt = snapshot.revision;
    this.#keychain = snapshot.keychain;
    this.#settings = snapshot.settings;
    this.#notifications = snapshot.notifications;
    this.#notice = snapshot.notice;
    this.#systemProxy = snapshot.system_proxy ?? null;
  }

  /** Takes a change. */
  apply(event: Event): void {
    this.#early?.push(event);
    this.#change(event);
  }

  #change(event: Event): void {
    switch (event.kind) {
      case 'account':
        if (!this.#isNewer(event.account.id, event.account.revision)) break;
        this.#accounts = this.account(event.account.id)
          ? this.#accounts.map((known) => (known.id === event.account.id ? event.account : known))
          : [...this.#accounts, event.account];
        break;
      case 'account_gone':
        if (!this.#isNewer(event.id, event.revision)) break;
        this.#accounts = this.#accounts.filter((account) => account.id !== event.id);
        break;
      case 'keychain':
        this.#keychain = event.state;
        break;
      case 'settings':
        this.#settings = event.settings;
        break;
      case 'deliveries':
        if (event.revision < this.#deliveriesAt) break;
        this.#deliveriesAt = event.revision;
        this.#deliveries = event.deliveries;
        break;
      case 'notifications':
        this.#notifications = event.notifications;
        break;
      case 'sign_ins':
        // The one on screen comes step by step, as `sign_in`.
        break;
    }
  }

  /** Whether a state of an account is not older than the one known. Answers and events can overtake each other. */
  #isNewer(id: string, revision: number): boolean {
    if (revision < (this.#revisions.get(id) ?? 0)) return false;
    this.#revisions.set(id, revision);
    return true;
  }

  /** Puts the notice away. */
  dismissNotice(): void {
    this.#notice = null;
  }
}
