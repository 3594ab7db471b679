/** What time it is, for everything on screen that says “in 21 h” or “1:42”. */
export class Clock {
  #now = $state(0);

  /** `read` tells the time in milliseconds; tests bring a clock that stands still. */
  constructor(private readonly read: () => number = Date.now) {
    this.#now = read();
  }

  /** The time at the last tick. */
  get now(): Date {
    return new Date(this.#now);
  }

  /** The time at the last tick, in milliseconds. */
  get milliseconds(): number {
    return this.#now;
  }

  /** Ticks once a second, and at once when the window comes back: a hidden window's timers are slowed down. */
  start(): () => void {
    const tick = () => {
      this.#now = this.read();
    };
    const timer = setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }
}
