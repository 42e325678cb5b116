/** Sockets of foreign pages and names, in the log. Whoever they are, they may try as often as they like. */
import type { Logger } from 'pino';
import type { ForeignHeader } from './allowed-hosts.ts';

const WINDOW_MS = 60_000;
/** Told one by one in a minute; the rest is a number at its end. */
const LINES = 10;
const LONGEST_VALUE = 256;

/** Each value at once when it comes first within a minute, up to ten of them; how many came beside them at its end. */
export class RefusalLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #told = new Set<string>();
  #untold = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  refused(header: ForeignHeader, value = ''): void {
    this.#window ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    const shown = { [header.toLowerCase()]: value.slice(0, LONGEST_VALUE) };
    const key = JSON.stringify(shown);
    if (this.#told.has(key) || this.#told.size === LINES) {
      this.#untold++;
      return;
    }
    this.#told.add(key);
    this.#log.warn(shown, 'socket refused');
  }

  /** Says what was not told yet; what comes next begins another minute. */
  flush(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    this.#told.clear();
    if (this.#untold > 0) this.#log.warn({ count: this.#untold }, 'more sockets refused within a minute');
    this.#untold = 0;
  }
}
