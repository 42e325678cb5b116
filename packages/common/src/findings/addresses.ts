/** Addresses of candidates: four words for each, and their text. */
import { formatAddress } from '../address/address.ts';

const WORDS = 4;
/** `::ffff:` of an IPv4 address, as it lies in a record. */
export const MAPPED = -65536;

export class Addresses {
  readonly #words: Int32Array;

  constructor(size: number) {
    this.#words = new Int32Array(size * WORDS);
  }

  set(index: number, words: Int32Array): void {
    this.#words.set(words, index * WORDS);
  }

  text(index: number): string {
    return formatAddress(new Uint8Array(this.#words.slice(index * WORDS, (index + 1) * WORDS).buffer));
  }

  /** Returns an IPv4 address, or the network of 64 bits of an IPv6 one. */
  sourceText(index: number): string {
    const at = index * WORDS;
    const isIpv4 = isMapped(this.#words[at]!, this.#words[at + 1]!, this.#words[at + 2]!);
    return isIpv4 ? this.text(index) : `${this.text(index)}/64`;
  }
}

export function isMapped(a: number, b: number, c: number): boolean {
  return a === 0 && b === 0 && c === MAPPED;
}
