import type { Account } from '../host/bindings/Account';
import type { Method } from '../host/bindings/Method';
import type { Alternatives } from '../host/bindings/Alternatives';
import type { PastedAccount } from '../host/bindings/PastedAccount';
import type { Problem } from '../host/bindings/Problem';
import type { Detected } from '../host/bindings/Detected';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { SignInStep } from '../host/bindings/SignInStep';
import type { Unusable } from '../host/bindings/Unusable';
import type { SignInOption } from '../host/bindings/SignInOption';
import type { WindowInput } from '../host/bindings/WindowInput';
import { problemFrom, problemOf, type Host } from '../host/host';

import { Turns } from './turns';

/** How long risk control wants to be left alone, in milliseconds; repeating earlier makes it stricter. */
const RISK_PAUSE = 10 * 60_000;

/** How long a service that asks to slow down is left alone, in milliseconds. */
const LIMIT_PAUSE = 3 * 60_000;

/** How long the window waits when it was itself that asked too often, in milliseconds, as the program's words say. */
const OWN_PAUSE = 60_000;

/** For how long a way in counts as barred lately, in milliseconds, as in the core. */
const BARRED_FOR = 60 * 60_000;

const NO_OTHERS: Alternatives = { next: [], blocked: [] };

/** What the stage shows. */
export type StageState =
  | 'loading'
  | 'waiting'
  | 'number'
  | 'sending'
  | 'captcha'
  | 'code'
  | 'page'
  | 'closed'
  | 'paste'
  | 'which'
  | 'found'
  | 'other'
  | 'new'
  | 'scanned'
  | 'confirming'
  | 'success'
  | 'expired'
  | 'refused'
  | 'network'
  | 'risk'
  | 'version'
  | 'failed';

/** A code that is or was on screen. */
export interface ShownCode {
  /** A `data:` URL. */
  picture: string;
  /** When to stop showing it, in milliseconds. */
  validUntil: number;
  lifeSeconds: number;
}

/** Who scanned, as far as the service says so. */
export interface Scanner {
  nickname: string | null;
  avatar: string | null;
}

/** The sign-in on screen. There is at most one. */
export class SignIn {
  #way = $state.raw<SignInOption | null>(null);
  #step = $state.raw<SignInStep>({ step: 'preparing' });
  #code = $state.raw<ShownCode | null>(null);
  #scanner = $state.raw<Scanner | null>(null);
  #retryAt = $state(0);
  #sentTo = $state<string | null>(null);
  #detected = $state.raw<Detected | null>(null);
  #blocked = $state.raw<Partial<Record<ServiceId, { at: number; methods: Method[] }>>>({});
  #wanted: string | null = null;
  #delivery: string | null = null;
  #id: number | null = null;
  /** Steps can arrive before the answer that says which sign-in they belong to. */
  #early = new Map<number, SignInStep[]>();
  #starts = 0;
  /** The one that is started last is the one that goes on: it must not be overtaken by one before. */
  readonly #starting = new Turns();
  /** Whether the service has heard that it is to issue a credential. */
  #confirmed = false;
  /** Whether the person has said that the check in the browser is done. */
  #checked = false;
  #unfinished = $state(false);

  constructor(
    private readonly host: Host,
    private readonly now: () => number,
    /** Says what went wrong beside the sign-in, which goes on. */
    private readonly last_error: (problem: Problem) => void = () => undefined,
  ) {}

  /** The service and the method, or `null` when there is no sign-in. */
  get way(): SignInOption | null {
    return this.#way;
  }

  /** The latest code, which an expired sign-in still shows blurred. */
  get code(): ShownCode | null {
    return this.#code;
  }

  /** Who scanned it. */
  get scanner(): Scanner | null {
    return this.#scanner;
  }

  /** Whether the person said that the check is done, and the service asks for it all the same. */
  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** How many sign-ins the day still holds, once they are few. */
  get leftToday(): number | null {
    return this.#step.step === 'show_code' ? this.#step.left_today : null;
  }

  /** When trying again is wise after a refusal, in milliseconds. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** What the stage shows. */
  get state(): StageState {
    return stageOf(this.#step);
  }

  /** The step itself, for what only one view of it needs. */
  get step(): SignInStep {
    return this.#step;
  }

  /** Why it did not work, or why the last answer did not do. */
  get problem(): Problem | null {
    return 'problem' in this.#step ? this.#step.problem : null;
  }

  /** The other ways in that may still work, best first. */
  get next(): SignInOption[] {
    return 'alternatives' in this.#step ? this.#step.alternatives.next : [];
  }

  /** The ways into a service that were barred lately. */
  blocked(service: ServiceId): Method[] {
    const blocked = this.#blocked[service];
    return blocked !== undefined && this.now() - blocked.at < BARRED_FOR ? blocked.methods : [];
  }

  /** The account that is to be signed in again, if it is to be a certain one. */
  get wanted(): string | null {
    return this.#wanted;
  }

  /** The delivery that it is for, if it is for one alone. */
  get delivery(): string | null {
    return this.#delivery;
  }

  /** The number that a code was sent to, with most of its digits hidden, once one was sent. */
  get sentTo(): string | null {
    return this.#sentTo;
  }

  /** What is known of the text that was pasted, as long as there is one. */
  get detected(): Detected | null {
    return this.#detected;
  }

  /** Why what was pasted is of no use, as long as that is so. */
  get unusable(): Unusable | null {
    return this.#step.step === 'ask_paste' ? this.#step.unusable : null;
  }

  /** The accounts in what was pasted, while one of them is to be chosen. */
  get accounts(): PastedAccount[] {
    return this.#step.step === 'ask_which_account' ? this.#step.accounts : [];
  }

  /** The account, once signed in, and whether it was known before. */
  get done(): { account: Account; known: boolean } | null {
    return this.#step.step === 'done' ? this.#step : null;
  }

  /** Starts over with that way in. */
  start(service: ServiceId, method: Method, wanted: string | null = null, delivery: string | null = null): Promise<void> {
    const ask = () => (delivery === null ? this.host.startSignIn(service, method, wanted) : this.host.startOwnSignIn(delivery, method));
    return this.#begin({ service, method }, wanted, ask, delivery);
  }

  /** Has what a CookieCloud holds given to the sign-in. Gives what went wrong. */
  async readCloud(url: string, uuid: string, plain: boolean): Promise<Problem | null> {
    const id = this.#id;
    return id === null ? null : problemOf(this.host.readCookieCloud(id, url, uuid, plain));
  }

  /** Takes what was pasted to the service that it is for. */
  async pasteElsewhere(service: ServiceId): Promise<void> {
    const [id, way] = [this.#id, this.#way];
    if (id !== null && way !== null) await this.#begin({ ...way, service }, null, () => this.host.pasteElsewhere(id));
  }

  async #begin(way: SignInOption, wanted: string | null, ask: () => Promise<number>, delivery: string | null = null): Promise<void> {
    const start = ++this.#starts;
    this.#id = null;
    this.#early.clear();
    this.#way = way;
    this.#wanted = wanted;
    this.#delivery = delivery;
    this.#code = null;
    this.#take({ step: 'preparing' });
    try {
      const id = await this.#starting.take(ask);
      if (start !== this.#starts) {
        // The host cancels an earlier sign-in for a later one, but it does not know that the person has left.
        if (this.#way === null) this.#cancel(id);
        return;
      }
      this.#id = id;
      this.#early.get(id)?.forEach((step) => {
        this.#take(step);
      });
      this.#early.clear();
    } catch (thrown) {
      if (start === this.#starts) this.#fail(thrown);
    }
  }

  /** Drops the code on screen and asks for another; starts over when there is nothing left to ask. */
  async again(): Promise<void> {
    const way = this.#way;
    if (way === null) return;
    const id = this.#id;
    if (id === null) return this.start(way.service, way.method, this.#wanted, this.#delivery);
    // What was confirmed before it failed is gone on with.
    this.#take({ step: this.#confirmed ? 'exchanging' : 'preparing' });
    try {
      await this.host.newCode(id);
    } catch {
      if (id === this.#id) await this.start(way.service, way.method, this.#wanted, this.#delivery);
    }
  }

  /** Answers what is asked. What takes a while is shown at once, so that nothing is sent twice. */
  answer(answer: WindowInput): void {
    if (answer.kind === 'captcha_done') this.#checked = true;
    // Except with a telephone, a check holds up what was confirmed already.
    const goesOn = answer.kind === 'captcha_done' && this.#way?.method !== 'phone';
    if (answer.kind === 'text_code' || answer.kind === 'go' || goesOn) this.#take({ step: 'exchanging' });
    else if (!['change_number', 'keep', 'account'].includes(answer.kind)) this.#take({ step: 'sending' });
    this.#ask((id) => this.host.answerSignIn(id, answer));
  }

  /** Opens the check that the service asks for. */
  openCaptcha(): void {
    this.#ask((id) => this.host.openCaptcha(id), this.last_error);
  }

  /** Brings the service's page to the front. */
  showPage(): void {
    this.#ask((id) => this.host.showPage(id), this.last_error);
  }

  /** Gives the clipboard to the sign-in. A clipboard without a text is said where a wrong one is. */
  paste(): void {
    // Until it is read, nothing that was pasted before may be gone on with.
    this.#take({ step: 'ask_paste', problem: null, unusable: null });
    this.#ask((id) => this.host.pasteFromClipboard(id), this.#refused);
  }

  /** Lets the person choose a file, and gives its text to the sign-in. What was pasted before stays until then. */
  pasteFile(): void {
    this.#ask((id) => this.host.pasteFromFile(id), this.#refused);
  }

  #refused = (problem: Problem): void => {
    this.#take({ step: 'ask_paste', problem, unusable: null });
  };

  /** Leaves the sign-in. One that is being saved or is done is not undone by this. */
  leave(): void {
    const id = this.#id;
    const over = this.#step.step === 'done';
    this.#starts++;
    this.#id = null;
    this.#way = null;
    this.#early.clear();
    if (id !== null && !over) this.#cancel(id);
  }

  /** Takes a step of the sign-in with that number; steps of earlier ones are dropped. */
  apply(id: number, step: SignInStep): void {
    if (id === this.#id) this.#take(step);
    else if (this.#id === null && this.#way !== null) this.#early.set(id, [...(this.#early.get(id) ?? []), step]);
  }

  /** Nobody is left to be told when cancelling fails: what it would end has ended. */
  #cancel(id: number): void {
    this.host.cancelSignIn(id).catch(() => undefined);
  }

  /** Asks the host about the sign-in on screen; what goes wrong after it was left is nobody's concern. */
  #ask(
    ask: (id: number) => Promise<void>,
    failed: (problem: Problem) => void = (problem) => {
      this.#fail(problem);
    },
  ): void {
    const id = this.#id;
    if (id === null) return;
    ask(id).catch((thrown: unknown) => {
      if (id === this.#id) failed(problemFrom(thrown));
    });
  }

  #fail(thrown: unknown): void {
    this.#take({ step: 'failed', problem: problemFrom(thrown), alternatives: NO_OTHERS });
  }

  #take(step: SignInStep): void {
    this.#step = step;
    this.#confirmed = step.step === 'exchanging' || (this.#confirmed && ['saving', 'failed'].includes(step.step));
    if ('alternatives' in step && step.alternatives.blocked.length > 0 && this.#way !== null) {
      this.#blocked = { ...this.#blocked, [this.#way.service]: { at: this.now(), methods: step.alternatives.blocked } };
    }
    if (step.step !== 'sending' && step.step !== 'exchanging') {
      this.#unfinished = this.#checked && step.step === 'ask_captcha';
      this.#checked = false;
    }
    switch (step.step) {
      case 'preparing':
        this.#retryAt = 0;
        this.#scanner = this.#sentTo = this.#detected = null;
        break;
      case 'show_code':
        this.#scanner = null;
        this.#code = { picture: step.code, validUntil: Date.parse(step.valid_until), lifeSeconds: step.life_seconds };
        break;
      case 'scanned':
        this.#scanner = { nickname: step.nickname, avatar: step.avatar };
        break;
      case 'ask_phone_number':
        this.#sentTo = null;
        break;
      case 'ask_text_code':
        this.#sentTo = step.sent_to;
        break;
      case 'ask_paste':
      case 'ask_which_account':
        this.#detected = null;
        break;
      case 'ask_to_go_on':
        this.#detected = step.detected;
        break;
      case 'risk_control':
      case 'failed': {
        const pause = pauseAfter(step.problem);
        if (pause > 0) this.#retryAt = this.now() + pause;
        break;
      }
    }
  }
}

/** How long to wait before trying again after a problem, in milliseconds. A limit of no service is the window's own. */
function pauseAfter({ code, service }: Problem): number {
  switch (code) {
    case 'risk_control':
      return RISK_PAUSE;
    case 'rate_limited':
      return service === null ? OWN_PAUSE : LIMIT_PAUSE;
    default:
      return 0;
  }
}

/** What the stage shows for a step. */
export function stageOf(step: SignInStep): StageState {
  switch (step.step) {
    case 'preparing':
      return 'loading';
    case 'show_code':
      return 'waiting';
    case 'scanned':
      return 'scanned';
    case 'ask_phone_number':
      return 'number';
    case 'sending':
      return 'sending';
    case 'ask_captcha':
      return 'captcha';
    case 'ask_text_code':
      return 'code';
    case 'ask_page':
      return 'page';
    case 'page_closed':
      return 'closed';
    case 'ask_paste':
      return 'paste';
    case 'ask_which_account':
      return 'which';
    case 'ask_to_go_on':
      return 'found';
    case 'ask_other_account':
      return 'other';
    case 'ask_new_account':
      return 'new';
    case 'exchanging':
    case 'saving':
      return 'confirming';
    case 'done':
      return 'success';
    case 'expired':
      return 'expired';
    case 'refused':
      return 'refused';
    case 'risk_control':
      return 'risk';
    case 'failed':
      return stageOfProblem(step.problem);
  }
}

function stageOfProblem({ code }: Problem): StageState {
  switch (code) {
    case 'offline':
    case 'timeout':
    case 'untrusted_certificate':
    case 'no_authorities':
    case 'extra_ca_unusable':
    case 'name_not_resolved':
    case 'not_the_service':
    case 'server_error':
    case 'proxy_unreachable':
    case 'proxy_refused':
    case 'proxy_password':
    case 'proxy_unusable':
      return 'network';
    case 'client_too_old':
      return 'version';
    case 'risk_control':
      return 'risk';
    case 'expired':
      return 'expired';
    case 'refused':
      return 'refused';
    case 'rejected':
    case 'rate_limited':
    case 'device_limit':
    case 'restricted':
    case 'wrong_method':
    case 'wrong_code':
    case 'exchange_lost':
    case 'foreign_code':
    case 'daily_limit':
    case 'other_account':
    case 'keychain_locked':
    case 'keychain_unavailable':
    case 'keychain_denied':
    case 'refused_once':
    case 'not_renewable':
    case 'renewal_refused':
    case 'credential_missing':
    case 'credential_unreadable':
    case 'credential_rolled_back':
    case 'identity_missing':
    case 'identity_wrong':
    case 'identity_exposed':
    case 'profile_unreadable':
    case 'ledger_damaged':
    case 'ledger_set_aside':
    case 'ledger_newer':
    case 'profile_busy':
    case 'locks_unusable':
    case 'profile_read_only':
    case 'profile_not_private':
    case 'disk_full':
    case 'not_found':
    case 'invalid_input':
    case 'cancelled':
    case 'unexpected':
      return 'failed';
  }
}
