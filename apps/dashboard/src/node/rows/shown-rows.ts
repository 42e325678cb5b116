import type { RecordRing } from './record-ring.ts';

/** The rows of a table: those that arrive, or recorded ones. */
export interface ShownRows {
  /** All rows, also those that arrive while the table is held. */
  readonly live: RecordRing;
  readonly shown: RecordRing;
  readonly selected: number | null;
  readonly scrolled: boolean;
  readonly paused: boolean;
  readonly newRows: number;
  /** Returns whether the row still exists. */
  has(row: number): boolean;
  select(row: number | null): void;
  setScrolled(scrolled: boolean): void;
}
