/** Collects records that could not be written, for the journal. */
import type { JournalEntryOf } from '../format/journal-entry.ts';

export class Gap {
  readonly #nowNs: () => bigint;
  #fromNs: bigint | undefined;
  #records = 0;

  constructor(nowNs: () => bigint) {
    this.#nowNs = nowNs;
  }

  get records(): number {
    return this.#records;
  }

  add(records: number): void {
    this.#fromNs ??= this.#nowNs();
    this.#records += records;
  }

  /** Returns the entry for what was collected; undefined if that is nothing. */
  entry(cause: string): JournalEntryOf<'gap'> | undefined {
    if (this.#fromNs === undefined || this.#records === 0) return undefined;
    const now = this.#nowNs();
    return { kind: 'gap', at_ns: now, from_ns: this.#fromNs, to_ns: now, records: this.#records, cause };
  }

  /** Call when the entry is written. */
  clear(): void {
    this.#fromNs = undefined;
    this.#records = 0;
  }
}
