/** Sends requests one after the other: of two that are under way at once, the later one may be done first. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Makes a request once those before it have been answered, in whatever way. */
  take<T>(request: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(request, request);
    this.#last = mine;
    return mine;
  }
}
