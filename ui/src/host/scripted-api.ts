/** The local API of the scripted host: it answers nobody, and remembers what it was asked. */
import type { ApiScope } from './bindings/ApiScope';
import type { ApiStatus } from './bindings/ApiStatus';
import type { ApiVisit } from './bindings/ApiVisit';
import type { Problem } from './bindings/Problem';

/** What a port is said of that something else has, as the program would say it. */
export const TAKEN: Problem = {
  code: 'invalid_input',
  service: null,
  detail: 'listening at 127.0.0.1:7733: Address already in use (os error 98)',
  service_message: null,
  words: {
    english:
      'The local API isn’t on: something else has port 7733, perhaps `tunekey serve`. End that, or choose another port below, then switch it on again.',
    chinese: '本地接口未能开启：端口 7733 已被占用，可能是 `tunekey serve`。请先结束它，或在下方换一个端口，再重新打开开关。',
  },
};

/** It is off, and nobody may use it. */
const OFF: ApiStatus = { address: null, port: 7733, problem: null, tokens: [], last_use: null };

/** Plays it. */
export class ScriptedApi {
  #status: ApiStatus;
  /** The token that was just made. */
  #kept: string | null = null;

  constructor(
    begins: Partial<ApiStatus> | undefined,
    readonly visits: ApiVisit[],
    private readonly tell: (status: ApiStatus) => void,
    private readonly now: () => number,
  ) {
    this.#status = { ...OFF, ...begins };
  }

  /** How it stands. */
  get status(): ApiStatus {
    return this.#status;
  }

  /** Something about it changes, as the program would say by itself. */
  change(change: Partial<ApiStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.tell(this.#status);
  }

  switch(on: boolean, port: number): void {
    this.change({ address: on ? `http://127.0.0.1:${String(port)}` : null, port, problem: null, last_use: on ? this.#status.last_use : null });
  }

  add(name: string, scopes: ApiScope[]): void {
    this.#kept = name;
    this.change({ tokens: [...this.#status.tokens, { name, scopes, created_at: new Date(this.now()).toISOString(), last_used_at: null }] });
  }

  /** Whose token can be copied. */
  get kept(): string | null {
    return this.#kept;
  }

  drop(): void {
    this.#kept = null;
  }

  revoke(name: string): void {
    this.change({ tokens: this.#status.tokens.filter((token) => token.name !== name) });
  }
}
