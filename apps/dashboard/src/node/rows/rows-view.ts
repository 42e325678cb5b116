import { RecordRing } from './record-ring.ts';

/**
 * What of the rows the table shows. While it follows, that is the live ring. To hold it still, the
 * ring is copied once and the copy is shown, because at a high rate the live ring overwrites what
 * somebody is reading within seconds.
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

  /** Whether the table stands still: somebody scrolled away from the newest row, picked a row, or paused. */
  get held(): boolean {
    return this.#scrolled || this.#paused || this.#selected !== null;
  }

  /** Number of the row that somebody picked. */
  get selected(): number | null {
    return this.#selected;
  }

  get scrolled(): boolean {
    return this.#scrolled;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the row can be read now: what was picked may be gone before it is drawn. */
  has(row: number): boolean {
    const { end, size } = this.shown;
    return row < end && row >= end - size;
  }

  /** Rows that came since the table stands still. */
  get newRows(): number {
    return this.held ? this.live.end - this.#still.end : 0;
  }

  /**
   * Lets the next `most` rows in while it is paused; the first that came after those that are shown. Returns how many
   * were overwritten before they could be let in.
   */
  step(most: number): number {
    return this.#paused ? this.#still.takeFrom(this.live, most) : 0;
  }

  /** The table was scrolled away from its top, or back to it. */
  setScrolled(scrolled: boolean): void {
    this.#hold(scrolled, this.#paused, this.#selected);
  }

  setPaused(paused: boolean): void {
    this.#hold(this.#scrolled, paused, this.#selected);
  }

  /** Picks a row, or none; one that is not there any more cannot be picked. */
  select(row: number | null): void {
    const there = row !== null && this.has(row);
    this.#hold(this.#scrolled, this.#paused, there ? row : null);
  }

  /** Only rows that `keep` is true for stay; the table follows again unless it is paused or the picked row stays. */
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
