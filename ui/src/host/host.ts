import type { About } from './bindings/About';
import type { ApiScope } from './bindings/ApiScope';
import type { ApiVisit } from './bindings/ApiVisit';
import type { ChannelFacts } from './bindings/ChannelFacts';
import type { ChannelKind } from './bindings/ChannelKind';
import type { ChannelRecord } from './bindings/ChannelRecord';
import type { CheckOutcome } from './bindings/CheckOutcome';
import type { ClientIdentityFacts } from './bindings/ClientIdentityFacts';
import type { CopyChoice } from './bindings/CopyChoice';
import type { DeliveryFacts } from './bindings/DeliveryFacts';
import type { DeliveryRecord } from './bindings/DeliveryRecord';
import type { DesktopEvent } from './bindings/DesktopEvent';
import type { Event } from './bindings/Event';
import type { KeychainState } from './bindings/KeychainState';
import type { Method } from './bindings/Method';
import type { NewDelivery } from './bindings/NewDelivery';
import type { PreferenceChange } from './bindings/PreferenceChange';
import type { Preferences } from './bindings/Preferences';
import type { Problem } from './bindings/Problem';
import type { ConnectionTest } from './bindings/ConnectionTest';
import type { RenewalRecord } from './bindings/RenewalRecord';
import type { RenewalSummary } from './bindings/RenewalSummary';
import type { ServiceId } from './bindings/ServiceId';
import type { ServiceInfo } from './bindings/ServiceInfo';
import type { Settings } from './bindings/Settings';
import type { SignedOut } from './bindings/SignedOut';
import type { Snapshot } from './bindings/Snapshot';
import type { WindowInput } from './bindings/WindowInput';

/** What the program behind the window reports by itself. Applying one twice is harmless. */
export type HostEvent = Event | DesktopEvent;

/** The keys of {@link Host.setSetting}, as the command line spells them; besides these, what the services declare. */
export type SettingKey = 'proxy' | 'extra-ca' | 'format' | 'clipboard-seconds' | 'auto-renew' | ClientIdentityFacts['setting'];

/** As which of its own clients a service is asked: each has a setting of its own among the others. */
export function identityIn(settings: Settings | null, { key, options }: ClientIdentityFacts): string | undefined {
  const chosen: unknown = { ...settings }[key as keyof Settings];
  return options.find(({ value }) => value === chosen)?.value ?? options[0]?.value;
}

/**
 * The program behind the window. A rejected promise carries a {@link Problem}.
 * No secret ever comes through here: copying is asked for, and done on the other side.
 *
 * State comes by events only. What a command answers says what became of the request, once; answers and events
 * overtake each other, so that none of them is shown as how things stand. The exceptions are what the window starts
 * from: `snapshot`, `services`, `deliveryFacts`, `about` and `preferences`; and `picture` and `apiUses`, which the news says are to be asked for.
 */
export interface Host {
  /** Reports events until the returned function is called. */
  subscribe(listener: (event: HostEvent) => void): Promise<() => void>;
  /**
   * How everything stands. Once the window listens for events it says so, and asks again: what came between would be missed.
   * What is to be opened in it is opened from then on.
   */
  snapshot(listens: boolean): Promise<Snapshot>;
  /** The picture that an account has now: a `data:` URL. */
  picture(account: string): Promise<string | null>;
  services(): Promise<ServiceInfo[]>;
  about(): Promise<About>;

  /**
   * Starts a sign-in and gives its number; an earlier one is cancelled. Its steps come as events.
   * `wanted` is the account that is to be signed in again, if it is to be a certain one.
   */
  startSignIn(service: ServiceId, method: Method, wanted: string | null): Promise<number>;
  /** Drops what there is and starts over with the same way in. */
  newCode(id: number): Promise<void>;
  cancelSignIn(id: number): Promise<void>;
  answerSignIn(id: number, answer: WindowInput): Promise<void>;
  /** Opens the check that the service asks for in the system's browser. */
  openCaptcha(id: number): Promise<void>;
  /** Brings the service's own page to the front. */
  showPage(id: number): Promise<void>;
  /** Gives the clipboard's text to the sign-in. The window never sees it. */
  pasteFromClipboard(id: number): Promise<void>;
  /** The same with a file that the person chooses in the system's dialog. Nothing happens when they choose none. */
  pasteFromFile(id: number): Promise<void>;
  /** Takes what was pasted to the other service, and gives the number of the sign-in that has begun there. */
  pasteElsewhere(id: number): Promise<number>;
  /**
   * Gives what plays of a browser's cookies in a CookieCloud to the sign-in. Its password was pasted before, as a secret of
   * the name `cookiecloud-password`. Asks the person outside of the window, naming the host; a no is the problem `cancelled`.
   */
  readCookieCloud(id: number, url: string, uuid: string, plain: boolean): Promise<void>;

  /** Puts the cookie on the clipboard, as it usually is or as chosen: then its format also becomes the account's own, unless for once. */
  copyCookie(account: string, choice: CopyChoice | null): Promise<void>;
  clearClipboard(): Promise<void>;

  renew(account: string): Promise<RenewalRecord>;
  renewAll(): Promise<RenewalSummary>;
  check(account: string): Promise<CheckOutcome>;
  /** Asks the person once more, outside of the window; so does {@link forget}. A no is the problem `cancelled`. */
  signOut(account: string): Promise<SignedOut>;
  forget(account: string): Promise<void>;
  /** The person's own name for an account, and note on it; an empty one takes it away. */
  setLabel(account: string, label: string): Promise<void>;
  setNote(account: string, note: string): Promise<void>;

  /** What there is to say of deliveries in general. */
  deliveryFacts(): Promise<DeliveryFacts>;
  /** Keeps the clipboard's text as a secret of the delivery that is being set up. The window never sees it. */
  pasteDeliverySecret(name: string): Promise<boolean>;
  /** Forgets the secrets that were pasted. */
  dropDeliverySecrets(): Promise<void>;
  /** Lets the person choose the file that is written, or none: one that is there, or any. */
  chooseDeliveryFile(exists: boolean): Promise<string | null>;
  /** Asks the person outside of the window, naming the target; so do {@link changeDelivery} and every hand-over. A no is the problem `cancelled`. */
  addDelivery(account: string, delivery: NewDelivery): Promise<string>;
  changeDelivery(delivery: string, answers: Record<string, string>): Promise<void>;
  setDeliveryLabel(delivery: string, label: string): Promise<void>;
  switchDelivery(delivery: string, enabled: boolean): Promise<void>;
  testDelivery(delivery: string): Promise<DeliveryRecord>;
  sendDelivery(delivery: string): Promise<DeliveryRecord>;
  /** What would be sent, with everything secret masked. */
  previewDelivery(delivery: string): Promise<string>;
  /** Asks the person outside of the window. A no is the problem `cancelled`. */
  removeDelivery(delivery: string): Promise<void>;
  /** As {@link startSignIn}, for a delivery alone. */
  startOwnSignIn(delivery: string, method: Method): Promise<number>;

  /**
   * Another way to the services is asked about outside of the window; a no is the problem `cancelled`. A certificate can
   * only be taken away here.
   */
  setSetting(key: SettingKey, value: string): Promise<void>;
  /** Lets the person choose a certificate file, or none. */
  chooseExtraCa(): Promise<void>;
  testConnection(): Promise<ConnectionTest[]>;

  /** The ways to the person's phone that there are. */
  channelKinds(): Promise<ChannelFacts[]>;
  /**
   * Adds a way to the person's phone, with what opens it, which never comes back here. Where messages go is asked about
   * outside of the window, as a removal is; a no is the problem `cancelled`.
   */
  addChannel(kind: ChannelKind, label: string | null, values: Record<string, string>, plain: boolean): Promise<void>;
  /** As {@link addChannel}; secrets that are not given stay. */
  changeChannel(channel: string, label: string | null, values: Record<string, string>, plain: boolean): Promise<void>;
  switchChannel(channel: string, enabled: boolean): Promise<void>;
  /** Sends a message that says that it is a test. That it did not work is in the answer. */
  testChannel(channel: string): Promise<ChannelRecord>;
  removeChannel(channel: string): Promise<void>;
  /** As `22:00-08:00`, or none. */
  setQuietHours(hours: string | null): Promise<void>;
  /** After how many hours the person hears of renewals that fail, and of a keychain that is closed; `null` leaves it. */
  setAlertHours(renewal: number | null, keychain: number | null): Promise<void>;
  /** Whom to tell that all is well. It is asked about outside of the window; a no is the problem `cancelled`. */
  setPing(address: string, minutes: number, plain: boolean): Promise<void>;
  setPingMinutes(minutes: number): Promise<void>;
  removePing(): Promise<void>;
  testPing(): Promise<ChannelRecord>;

  /**
   * Has the program answer other programs of this computer at a port, or not any more. How it stands comes as an event, also
   * when it did not work.
   */
  switchLocalApi(on: boolean, port: number): Promise<void>;
  copyApiAddress(): Promise<void>;
  /** Who asked for what, the newest first. */
  apiUses(): Promise<ApiVisit[]>;
  /** Asks the person outside of the window, naming what it allows; so does {@link revokeApiToken}. A no is the problem `cancelled`. */
  addApiToken(name: string, scopes: ApiScope[]): Promise<void>;
  /** Puts the token that was just made on the clipboard. The window never sees it. */
  copyApiToken(): Promise<void>;
  /** Forgets it: after this it cannot be had again. */
  dropApiToken(): Promise<void>;
  revokeApiToken(name: string): Promise<void>;

  preferences(): Promise<Preferences>;
  /** Changes those that are named. */
  setPreferences(change: PreferenceChange): Promise<void>;

  /** Asks the keychain again; the system may ask the person to unlock it. Answers what this try has found. */
  keychainRetry(): Promise<KeychainState>;
  /** Whether the system starts TuneKey, as its own list says now. */
  startsAtLogin(): Promise<boolean>;
  setStartAtLogin(on: boolean): Promise<void>;
  /** Opens the page with all releases in the system's browser. */
  openReleases(): Promise<void>;
  quit(): Promise<void>;
}

/** What a rejected promise of a {@link Host} carried, whatever it was. */
export function problemFrom(thrown: unknown): Problem {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown as Problem;
  }
  return { code: 'unexpected', service: null, detail: thrown instanceof Error ? thrown.message : null, service_message: null };
}

/** What went wrong with what was asked of a {@link Host}; `null` when nothing did. */
export async function problemOf(asked: Promise<unknown>): Promise<Problem | null> {
  try {
    await asked;
    return null;
  } catch (thrown) {
    return problemFrom(thrown);
  }
}
