/** The addresses of a block's dictionary, each looked up once in a table. */
import type { KeySums } from './key-sums.ts';

const NOT_YET = -2;

export type AddressWords = readonly [a: number, b: number, c: number, d: number];

export class BlockAddresses {
  readonly #words: Int32Array;
  readonly #numbers: Int32Array;
  readonly #keyOf: (words: AddressWords) => AddressWords;

  /** `keyOf`: makes the key of an address, in words of the machine's byte order; undefined: the address is the key. */
  constructor(dictionary: Uint8Array, keyOf: (words: AddressWords) => AddressWords = (words) => words) {
    const aligned = dictionary.byteOffset % 4 === 0 ? dictionary : dictionary.slice();
    this.#words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
    this.#numbers = new Int32Array(this.#words.length / 4).fill(NOT_YET);
    this.#keyOf = keyOf;
  }

  /** Returns the number of an address in the table; below 0: there is no room for it. */
  numberIn(table: KeySums, index: number): number {
    const known = this.#numbers[index] as number;
    if (known !== NOT_YET) return known;
    const [a, b, c, d] = this.#keyOf(wordsAt(this.#words, 4 * index));
    const number = table.numberOf(a, b, c, d);
    this.#numbers[index] = number;
    return number;
  }
}

/** Returns the four words from an index on. */
export function wordsAt(words: Int32Array, at: number): AddressWords {
  return [words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number];
}
