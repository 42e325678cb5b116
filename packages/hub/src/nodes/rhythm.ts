/** How often nodes report: fast while somebody watches the fleet. */
import { IDLE_REPORT_MS, WATCHED_REPORT_MS } from '@packetlog/common/fleet';

/** How long the fast rhythm outlasts the last watcher: a reloaded page, or a command that is repeated. */
const LINGER_MS = 10_000;

export class Rhythm {
  readonly #changed: (reportMs: number) => void;
  readonly #lingerMs: number;
  #watchers = 0;
  #isWatched = false;
  #timer: NodeJS.Timeout | undefined;

  /** `changed` gets the interval of reports whenever it changes. */
  constructor(changed: (reportMs: number) => void, lingerMs = LINGER_MS) {
    this.#changed = changed;
    this.#lingerMs = lingerMs;
  }

  get reportMs(): number {
    return this.#isWatched ? WATCHED_REPORT_MS : IDLE_REPORT_MS;
  }

  /** Somebody watches until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    this.#set(true);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#watchers -= 1;
      this.#linger();
    };
  }

  /** Somebody has looked once. */
  glance(): void {
    this.#set(true);
    this.#linger();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #linger(): void {
    clearTimeout(this.#timer);
    if (this.#watchers > 0) return;
    this.#timer = setTimeout(() => this.#set(this.#watchers > 0), this.#lingerMs).unref();
  }

  #set(isWatched: boolean): void {
    if (this.#isWatched === isWatched) return;
    this.#isWatched = isWatched;
    this.#changed(this.reportMs);
  }
}
