/** Log lines about what peers do, who may do it as often as they like: some at once, then a number each minute. */
import type { Logger } from 'pino';

const WINDOW_MS = 60_000;
/** Of each message so many are told one by one in a minute; the rest is a number at its end. */
const LINES = 10;
const LONGEST_VALUE = 256;

export class LineLimit {
  readonly #log: Pick<Logger, 'warn'>;
  /** By message. */
  readonly #window = new Map<string, { readonly told: Set<string>; untold: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Each line at once when it comes first within a minute, up to ten of a message. There are few messages. */
  warn(facts: Readonly<Record<string, string | number>>, message: string): void {
    this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    const shown = Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.slice(0, LONGEST_VALUE) : value,
      ]),
    );
    const lines = this.#window.get(message) ?? { told: new Set(), untold: 0 };
    this.#window.set(message, lines);
    const key = JSON.stringify(shown);
    if (lines.told.has(key) || lines.told.size === LINES) {
      lines.untold++;
      return;
    }
    lines.told.add(key);
    this.#log.warn(shown, message);
  }

  /** Says what was not told yet; what comes next begins another minute. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [message, { untold }] of this.#window) {
      if (untold > 0) this.#log.warn({ count: untold }, `${message}; more within a minute`);
    }
    this.#window.clear();
  }
}
