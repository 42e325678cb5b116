/**
 * Limits log lines that peers can cause: a few are logged at once, the rest as one count per minute. All peers share
 * one limit.
 */

const WINDOW_MS = 60_000;
/** Lines per message that are logged in a minute; the rest is counted and logged at its end. */
const LINES = 10;
const MAX_VALUE_LENGTH = 256;

/** Messages that are told apart in a minute: a compromised server process can make up others. */
const MAX_MESSAGES = 64;
const OTHERS = 'other messages';
const MAX_FACTS = 16;

/** Where the lines go: a logger of pino, for example. */
export interface LineLog {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export class LineLimit {
  readonly #log: LineLog;
  /** By message. */
  readonly #window = new Map<string, { readonly logged: Set<string>; suppressed: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: LineLog) {
    this.#log = log;
  }

  /** Logs each distinct line once a minute, up to 10 per message and 640 in all. */
  warn(facts: Readonly<Record<string, string | number>>, message: string): void {
    const shown = Object.fromEntries(
      Object.entries(facts)
        .slice(0, MAX_FACTS)
        .map(([name, value]) => [
          name.slice(0, MAX_VALUE_LENGTH),
          typeof value === 'string' ? value.slice(0, MAX_VALUE_LENGTH) : value,
        ]),
    );
    if (this.#shouldLog(message, JSON.stringify(shown))) this.#log.warn(shown, message);
  }

  /** Logs a loader error that a peer may trigger repeatedly: each stack once a minute, up to 10 per message. */
  failed(error: unknown, message: string): void {
    const stack = error instanceof Error ? error.stack : undefined;
    if (this.#shouldLog(message, stack ?? String(error))) this.#log.error({ err: error }, message);
  }

  /** Returns whether to log this line; counts it otherwise. */
  #shouldLog(message: string, key: string): boolean {
    this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    const isOther = !this.#window.has(message) && this.#window.size >= MAX_MESSAGES;
    const name = isOther ? OTHERS : message;
    const lines = this.#window.get(name) ?? { logged: new Set(), suppressed: 0 };
    this.#window.set(name, lines);
    if (isOther || lines.logged.has(key) || lines.logged.size === LINES) {
      lines.suppressed++;
      return false;
    }
    lines.logged.add(key);
    return true;
  }

  /** Logs the counts of lines that were not logged; the next line starts another minute. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [message, { suppressed }] of this.#window) {
      if (suppressed > 0) this.#log.warn({ count: suppressed }, `${message}; more within a minute`);
    }
    this.#window.clear();
  }
}
