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

  constructor(capacity: number) {
    this.live = new RecordRing(capacity);
    this.#still = new RecordRing(capacity);
  }

  get shown(): RecordRing {
    return this.held ? this.#still : this.live;
  }

  /** Whether the table stands still: somebody scrolled away from the newest row, or paused. */
  get held(): boolean {
    return this.#scrolled || this.#paused;
  }

  get scrolled(): boolean {
    return this.#scrolled;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Rows that came since the table stands still. */
  get newRows(): number {
    return this.held ? this.live.end - this.#still.end : 0;
  }

  /** The table was scrolled away from its top, or back to it. */
  setScrolled(scrolled: boolean): void {
    this.#hold(scrolled, this.#paused);
  }

  setPaused(paused: boolean): void {
    this.#hold(this.#scrolled, paused);
  }

  #hold(scrolled: boolean, paused: boolean): void {
    if (!this.held && (scrolled || paused)) this.#still.copyFrom(this.live);
    this.#scrolled = scrolled;
    this.#paused = paused;
  }
}
