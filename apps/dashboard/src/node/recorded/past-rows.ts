import { midnight } from '../../text/calendar-text.ts';
import type { AskPast, NodeWithout } from '../messages/past-events.ts';
import { recordsOf } from '../rows/past-records.ts';
import type { ShownRows } from '../rows/shown-rows.ts';
import { requestOf, type Selection } from './past-question.ts';
import { PastRing } from './past-ring.ts';
import type { PastRowsState, RowSource } from './rows-context.tsx';

/** Recorded rows in the table; older ones of the range need a shorter range or a filter. */
export const MAX_PAST_TABLE_ROWS = 50_000;
/** Rows of the first question: several screens, answered quickly. */
const FIRST_ROWS = 500;
const NEXT_ROWS = 2_500;

/** The recorded rows of a range, loaded from the newest on, as far as they are scrolled to. */
export class PastRows implements RowSource {
  readonly selection: Selection;
  readonly rows: ShownRows;
  readonly isOfDays: boolean;
  readonly #ask: AskPast;
  readonly #over = new AbortController();
  readonly #ring = new PastRing(MAX_PAST_TABLE_ROWS);
  readonly #names = new Map<number, string>();
  readonly #listeners = new Set<() => void>();
  #state: PastRowsState = { step: 'more' };
  #next: string | undefined;
  #without: readonly NodeWithout[] | undefined;
  #version = 0;
  #selected: number | null = null;

  constructor(ask: AskPast, selection: Selection) {
    this.#ask = ask;
    this.selection = selection;
    const { fromMs, toMs } = selection.range ?? { fromMs: 0, toMs: 0 };
    this.isOfDays = midnight(fromMs) !== midnight(toMs - 1);
    this.rows = this.#asRows();
  }

  get state(): PastRowsState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  readonly interfaceName = (ifindex: number): string | undefined => this.#names.get(ifindex);

  readonly changed = (): void => {
    this.#version++;
    for (const listener of this.#listeners) listener();
  };

  /** Loads the rows before the oldest loaded one, unless it is loading, or has all. */
  readonly loadOlder = (): void => {
    if (this.#state.step === 'more' || this.#state.step === 'failed') void this.#load();
  };

  /** Loads no more. */
  close(): void {
    this.#over.abort();
  }

  async #load(): Promise<void> {
    this.#become({ step: 'loading' });
    const answer = await this.#ask(
      'past:rows',
      {
        ...requestOf(this.selection, 0),
        limit: this.#ring.size === 0 ? FIRST_ROWS : NEXT_ROWS,
        ...(this.#next !== undefined && { before: this.#next }),
      },
      this.#over.signal,
    );
    if (this.#over.signal.aborted) return;
    if (!answer.ok) {
      const { message, retry_after_ms } = answer.error;
      return this.#become({ step: 'failed', message, retryMs: retry_after_ms });
    }
    const { records, interfaces, next, nodes } = answer.value;
    for (const { ifindex, name } of interfaces) this.#names.set(ifindex, name);
    this.#ring.prepend(recordsOf(records));
    this.#next = next;
    const isFull = this.#ring.size === this.#ring.capacity;
    this.#without = nodes?.without;
    this.#become({ step: next === undefined ? 'complete' : isFull ? 'full' : 'more' });
  }

  #become(state: PastRowsState): void {
    this.#state = { ...state, without: this.#without };
    this.changed();
  }

  #asRows(): ShownRows {
    const ring = this.#ring;
    const has = (row: number) => row < ring.end && row >= ring.end - ring.size;
    const selected = () => this.#selected;
    return {
      live: ring,
      shown: ring,
      // Nothing arrives that would have to be held.
      scrolled: false,
      paused: false,
      newRows: 0,
      get selected() {
        return selected();
      },
      has,
      select: (row) => {
        this.#selected = row !== null && has(row) ? row : null;
      },
      setScrolled: () => {},
    };
  }
}
