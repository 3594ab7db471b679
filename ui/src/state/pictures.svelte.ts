import type { Account } from '../host/bindings/Account';
import type { Host } from '../host/host';

/** The accounts’ pictures. Each is asked for once, when it is first shown; an account’s news only names it. */
export class Pictures {
  /** The pictures that have come: `data:` URLs, by what names them. */
  #urls = $state.raw<Record<string, string>>({});
  /** The names of those that have come or are on their way. */
  readonly #asked = new Set<string>();

  constructor(private readonly host: Pick<Host, 'picture'>) {}

  /** The account’s picture; `null` until it is there, and for an account that has none. */
  of({ id, picture }: Account): string | null {
    if (picture === null) return null;
    if (!this.#asked.has(picture)) {
      this.#asked.add(picture);
      void this.#fetch(id, picture);
    }
    return this.#urls[picture] ?? null;
  }

  /** A picture that does not come is asked for again when it is next shown: it is only a picture. */
  async #fetch(account: string, name: string): Promise<void> {
    const url = await this.host.picture(account).catch(() => null);
    if (url === null) this.#asked.delete(name);
    else this.#urls = { ...this.#urls, [name]: url };
  }
}
