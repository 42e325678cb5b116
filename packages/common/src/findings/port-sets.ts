/**
 * A set of ports for each candidate: a short list, and for the few candidates with more ports a bitmap out of a pool of
 * 32, so that counts are exact.
 */
const LISTED = 24;
const BITMAPS = 32;
const BITMAP_BYTES = 8192;
const NO_BITMAP = -1;

export class PortSets {
  readonly sizes: Uint32Array;
  /** Times that a set could not grow because no bitmap was free. */
  untracked = 0;
  readonly #lists: Uint16Array;
  readonly #bitmapOf: Int8Array;
  readonly #bitmaps = new Uint8Array(BITMAPS * BITMAP_BYTES);
  readonly #free = Array.from({ length: BITMAPS }, (_, bitmap) => bitmap);

  constructor(size: number) {
    this.sizes = new Uint32Array(size);
    this.#lists = new Uint16Array(size * LISTED);
    this.#bitmapOf = new Int8Array(size).fill(NO_BITMAP);
  }

  clear(index: number): void {
    this.sizes[index] = 0;
    const bitmap = this.#bitmapOf[index]!;
    if (bitmap === NO_BITMAP) return;
    this.#bitmapOf[index] = NO_BITMAP;
    this.#free.push(bitmap);
  }

  /** Returns whether the port is new. */
  add(index: number, port: number): boolean {
    const size = this.sizes[index]!;
    if (this.#bitmapOf[index] === NO_BITMAP) {
      if (this.#listed(index, port) >= 0) return false;
      if (size < LISTED) {
        this.#lists[index * LISTED + size] = port;
        this.sizes[index] = size + 1;
        return true;
      }
      if (!this.#takeBitmap(index)) return false;
    }
    const at = this.#bitmapOf[index]! * BITMAP_BYTES + (port >>> 3);
    const bit = 1 << (port & 7);
    if ((this.#bitmaps[at]! & bit) !== 0) return false;
    this.#bitmaps[at]! |= bit;
    this.sizes[index] = size + 1;
    return true;
  }

  remove(index: number, port: number): void {
    const bitmap = this.#bitmapOf[index]!;
    if (bitmap === NO_BITMAP) {
      const at = this.#listed(index, port);
      if (at < 0) return;
      const last = --this.sizes[index]!;
      this.#lists[at] = this.#lists[index * LISTED + last]!;
      return;
    }
    const at = bitmap * BITMAP_BYTES + (port >>> 3);
    const bit = 1 << (port & 7);
    if ((this.#bitmaps[at]! & bit) === 0) return;
    this.#bitmaps[at]! ^= bit;
    this.sizes[index]!--;
  }

  /** Returns where the port is in the lists; -1: nowhere. */
  #listed(index: number, port: number): number {
    const first = index * LISTED;
    for (let at = first; at < first + this.sizes[index]!; at++) if (this.#lists[at] === port) return at;
    return -1;
  }

  #takeBitmap(index: number): boolean {
    const bitmap = this.#free.pop();
    if (bitmap === undefined) {
      this.untracked++;
      return false;
    }
    const from = bitmap * BITMAP_BYTES;
    this.#bitmaps.fill(0, from, from + BITMAP_BYTES);
    for (const port of this.#lists.subarray(index * LISTED, (index + 1) * LISTED)) {
      this.#bitmaps[from + (port >>> 3)]! |= 1 << (port & 7);
    }
    this.#bitmapOf[index] = bitmap;
    return true;
  }
}
