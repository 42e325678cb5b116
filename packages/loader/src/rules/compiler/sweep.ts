/** Sweeps along one word of the address with the open prefixes, and turns nested prefixes into bounds. */
import { Bounds } from './bounds.ts';
import type { Places } from './prefix-indexes.ts';
import type { Values } from './value-table.ts';

const WORD_BITS = 32;
const WORD_VALUES = 2 ** WORD_BITS;

export class Sweep {
  readonly bounds = new Bounds();
  readonly #places: Places;
  readonly #values: Values;
  /** First word after each open prefix, and the place inside it; [0] is outside all prefixes. */
  readonly #ends = new Float64Array(WORD_BITS + 2);
  readonly #inside = new Uint32Array(WORD_BITS + 2);
  #depth = 0;

  constructor(places: Places, values: Values) {
    this.#places = places;
    this.#values = values;
  }

  /** The place at the sweep's position. */
  get place(): number {
    return this.#inside[this.#depth] as number;
  }

  begin(place: number): void {
    this.#depth = 0;
    this.#inside[0] = place;
    this.bounds.count = 0;
    this.bounds.append(0, this.#values.at(place));
  }

  /** Enters a prefix. Prefixes must come by their first word, then shortest first, each only once. */
  enter(word: number, bits: number, group: number): void {
    this.moveTo(word);
    const place = this.#places.enter(this.place, group);
    this.#depth++;
    this.#inside[this.#depth] = place;
    this.#ends[this.#depth] = word + 2 ** (WORD_BITS - bits);
    this.bounds.put(word, this.#values.at(place));
  }

  /** Sets a value for a single word. */
  putWord(word: number, value: number): void {
    this.bounds.put(word, value);
    this.bounds.put(word + 1, this.#values.at(this.place));
  }

  moveTo(word: number): void {
    while (this.#depth > 0 && (this.#ends[this.#depth] as number) <= word) {
      const end = this.#ends[this.#depth] as number;
      this.#depth--;
      this.bounds.put(end, this.#values.at(this.place));
    }
  }

  finish(): void {
    this.moveTo(WORD_VALUES);
  }
}
