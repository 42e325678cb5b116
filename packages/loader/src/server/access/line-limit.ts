/** Log lines about what peers do, who may do it as often as they like: some at once, then a number each minute. One for all. */
import type { Logger } from 'pino';

const WINDOW_MS = 60_000;
/** Of each message so many are told one by one in a minute; the rest is a number at its end. */
const LINES = 10;
const LONGEST_VALUE = 256;

export class LineLimit {
  readonly #log: Pick<Logger, 'warn' | 'error'>;
  /** By message. */
  readonly #window = new Map<string, { readonly told: Set<string>; untold: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Pick<Logger, 'warn' | 'error'>) {
    this.#log = log;
  }

  /** Each line at once when it comes first within a minute, up to ten of a message. There are few messages. */
  warn(facts: Readonly<Record<string, string | number>>, message: string): void {
    const shown = Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.slice(0, LONGEST_VALUE) : value,
      ]),
    );
    if (this.#isTold(message, JSON.stringify(shown))) this.#log.warn(shown, message);
  }

  /** A fault of the loader's that a peer may bring about again: each stack once in a minute, up to ten of a message. */
  failed(error: unknown, message: string): void {
    const stack = error instanceof Error ? error.stack : undefined;
    if (this.#isTold(message, stack ?? String(error))) this.#log.error({ err: error }, message);
  }

  /** Whether this line is logged; it is counted otherwise. */
  #isTold(message: string, key: string): boolean {
    this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    const lines = this.#window.get(message) ?? { told: new Set(), untold: 0 };
    this.#window.set(message, lines);
    if (lines.told.has(key) || lines.told.size === LINES) {
      lines.untold++;
      return false;
    }
    lines.told.add(key);
    return true;
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
