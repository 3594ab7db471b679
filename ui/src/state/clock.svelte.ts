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

  /** How many seconds are left until then, the last one included; 0 when it is past or never comes. */
  secondsUntil(moment: number | string | null): number {
    if (moment === null) return 0;
    const at = typeof moment === 'string' ? Date.parse(moment) : moment;
    return Math.max(0, Math.ceil((at - this.#now) / 1000));
  }

  /** Looks again. What has just happened would otherwise be up to a second in the future. */
  tick(): void {
    this.#now = this.read();
  }

  /** Ticks once a second, and at once when the window comes back: a hidden window's timers are slowed down. */
  start(): () => void {
    const tick = () => {
      this.tick();
    };
    const timer = setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }
}
