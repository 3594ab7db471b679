import type { Account } from '../host/bindings/Account';
import type { Method } from '../host/bindings/Method';
import type { Problem } from '../host/bindings/Problem';
import type { ServiceId } from '../host/bindings/ServiceId';
import type { SignInStep } from '../host/bindings/SignInStep';
import type { WayIn } from '../host/bindings/WayIn';
import { problemFrom, type Host } from '../host/host';

/** How long risk control wants to be left alone, in milliseconds; repeating earlier makes it stricter. */
const RISK_PAUSE = 10 * 60_000;

/** What the stage shows. */
export type StageState =
  | 'loading'
  | 'waiting'
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
  #way = $state.raw<WayIn | null>(null);
  #step = $state.raw<SignInStep>({ step: 'preparing' });
  #code = $state.raw<ShownCode | null>(null);
  #scanner = $state.raw<Scanner | null>(null);
  #retryAt = $state(0);
  #id: number | null = null;
  /** Steps can arrive before the answer that says which sign-in they belong to. */
  #early = new Map<number, SignInStep[]>();
  #starts = 0;

  constructor(
    private readonly host: Host,
    private readonly now: () => number,
  ) {}

  /** The service and the method, or `null` when there is no sign-in. */
  get way(): WayIn | null {
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

  /** When trying again is wise after risk control, in milliseconds. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** What the stage shows. */
  get state(): StageState {
    return stageOf(this.#step);
  }

  /** Why it did not work, when it did not. */
  get problem(): Problem | null {
    return this.#step.step === 'failed' || this.#step.step === 'risk_control' ? this.#step.problem : null;
  }

  /** The other ways in that risk control left open, best first. */
  get next(): WayIn[] {
    return this.#step.step === 'risk_control' ? this.#step.next : [];
  }

  /** The account, once signed in, and whether it was known before. */
  get done(): { account: Account; known: boolean } | null {
    return this.#step.step === 'done' ? this.#step : null;
  }

  /** Starts over with that way in. */
  async start(service: ServiceId, method: Method): Promise<void> {
    const start = ++this.#starts;
    this.#id = null;
    this.#early.clear();
    this.#way = { service, method };
    this.#code = null;
    this.#scanner = null;
    this.#step = { step: 'preparing' };
    try {
      const id = await this.host.startSignIn(service, method);
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
      if (start === this.#starts) this.#take({ step: 'failed', problem: problemFrom(thrown) });
    }
  }

  /** Drops the code on screen and asks for another; starts over when there is nothing left to ask. */
  async again(): Promise<void> {
    const way = this.#way;
    if (way === null) return;
    const id = this.#id;
    if (id === null) return this.start(way.service, way.method);
    this.#take({ step: 'preparing' });
    try {
      await this.host.newCode(id);
    } catch {
      if (id === this.#id) await this.start(way.service, way.method);
    }
  }

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

  #take(step: SignInStep): void {
    this.#step = step;
    if (step.step === 'preparing') this.#scanner = null;
    if (step.step === 'show_code') {
      this.#scanner = null;
      this.#code = { picture: step.code, validUntil: Date.parse(step.valid_until), lifeSeconds: step.life_seconds };
    }
    if (step.step === 'scanned') this.#scanner = { nickname: step.nickname, avatar: step.avatar };
    if (step.step === 'risk_control') this.#retryAt = this.now() + RISK_PAUSE;
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
    case 'keychain_locked':
    case 'keychain_unavailable':
    case 'keychain_denied':
    case 'profile_unreadable':
    case 'not_found':
    case 'invalid_input':
    case 'cancelled':
    case 'unexpected':
      return 'failed';
  }
}
