import type { Members } from './scan-sums.ts';
import type { Scan, ScanKind } from './scans.ts';

/** A scan in the list. Conversations may join it while its line stays in place. */
export class ListedScan implements Members {
  readonly kind: ScanKind;
  /** Negative, so that it differs from those of conversations. */
  readonly serial: number;
  readonly #listed: Members;
  #all: Members;

  constructor(kind: ScanKind, serial: number, listed: Members) {
    this.kind = kind;
    this.serial = serial;
    this.#listed = listed;
    this.#all = listed;
  }

  get indexes(): readonly number[] {
    return this.#all.indexes;
  }

  get serials(): readonly number[] {
    return this.#all.serials;
  }

  /** Adds conversations to those it was listed with, in place of any that joined before. */
  join({ indexes, serials }: Members): void {
    this.#all = {
      indexes: [...this.#listed.indexes, ...indexes],
      serials: [...this.#listed.serials, ...serials],
    };
  }
}

interface Known {
  readonly serial: number;
  /** Serial of its first conversation. */
  beganAt: number;
}

/** Serial numbers of scans: a scan keeps its own while conversations join it or are evicted. */
export class ScanSerials {
  readonly #known = new Map<string, Known>();
  #next = -1;

  /** Forgets all but these scans. */
  retain(scans: readonly Scan[]): void {
    const keys = new Set(scans.map(({ key }) => key));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  /** Returns the serial number of a scan, and of its first conversation. `serials` are those of its conversations. */
  of(key: string, serials: readonly number[]): Readonly<Known> {
    const first = serials.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
    const known = this.#known.get(key) ?? { serial: this.#next--, beganAt: first };
    known.beganAt = Math.min(known.beganAt, first);
    this.#known.set(key, known);
    return known;
  }
}
