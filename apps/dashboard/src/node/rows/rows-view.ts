import { RecordRing } from './record-ring.ts';

/**
 * The rows that the table shows: the live ring, or a copy of it while the table is held, because at high rates the live
 * ring overwrites rows within seconds.
 */
export class RowsView {
  readonly live: RecordRing;
  readonly #still: RecordRing;
  #scrolled = false;
  #paused = false;
  #selected: number | null = null;

  constructor(capacity: number) {
    this.live = new RecordRing(capacity);
    this.#still = new RecordRing(capacity);
  }

  get shown(): RecordRing {
    return this.held ? this.#still : this.live;
  }

  /** Whether the table is held: scrolled away from the newest row, a row selected, or paused. */
  get held(): boolean {
    return this.#scrolled || this.#paused || this.#selected !== null;
  }

  /** Number of the selected row. */
  get selected(): number | null {
    return this.#selected;
  }

  get scrolled(): boolean {
    return this.#scrolled;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Returns whether the row still exists. */
  has(row: number): boolean {
    const { end, size } = this.shown;
    return row < end && row >= end - size;
  }

  /** Number of rows that have arrived since the table was held. */
  get newRows(): number {
    return this.held ? this.live.end - this.#still.end : 0;
  }

  /**
   * Shows up to `max` more rows while paused, oldest first. Returns how many were overwritten before they were shown.
   */
  step(max: number): number {
    return this.#paused ? this.#still.takeFrom(this.live, max) : 0;
  }

  /** Records that the table was scrolled away from its top, or back. */
  setScrolled(scrolled: boolean): void {
    this.#hold(scrolled, this.#paused, this.#selected);
  }

  setPaused(paused: boolean): void {
    this.#hold(this.#scrolled, paused, this.#selected);
  }

  /** Selects a row, or none; rows that no longer exist cannot be selected. */
  select(row: number | null): void {
    const there = row !== null && this.has(row);
    this.#hold(this.#scrolled, this.#paused, there ? row : null);
  }

  /**
   * Keeps only rows for which `keep` is true. The table follows again unless it is paused or the selected row is kept.
   */
  retain(keep: (bytes: Uint8Array, at: number) => boolean): void {
    const selected = this.#selected;
    this.live.retain(keep);
    const kept = this.#still.retain(keep, selected);
    this.#scrolled = false;
    this.#selected = selected === null ? null : kept;
  }

  #hold(scrolled: boolean, paused: boolean, selected: number | null): void {
    if (!this.held && (scrolled || paused || selected !== null)) this.#still.copyFrom(this.live);
    this.#scrolled = scrolled;
    this.#paused = paused;
    this.#selected = selected;
  }
}
