/** Finds the distinct addresses of a block. */

/** As narrow as the number of distinct addresses allows. */
export type AddressIndexes = Uint8Array | Uint16Array | Uint32Array;

const WORDS = 4;
const FIRST_SLOTS = 1024;
/** Key of the hash, chosen at random: senders choose addresses, and must not be able to choose colliding ones. */
const KEY = (Math.random() * 2 ** 32) | 0;

/** An open-addressing table from the four words of an address to its index. */
export class AddressDictionary {
  #size = 0;
  /** Words of the addresses, four each. */
  #words = new Int32Array((FIRST_SLOTS / 2) * WORDS);
  /** Index of an address plus one; 0: free. At most half of the slots are used. */
  #slots = new Int32Array(FIRST_SLOTS);
  readonly #limit: number;

  /** `limit`: the largest number of addresses. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Returns the index of an address, given as four words in the byte order of the machine. An address that is new is
   * added; -1 if there is no room for it.
   */
  indexOf(a: number, b: number, c: number, d: number): number {
    const slots = this.#slots;
    const words = this.#words;
    const last = slots.length - 1;
    for (let slot = hashOf(a, b, c, d) & last; ; slot = (slot + 1) & last) {
      const index = (slots[slot] as number) - 1;
      if (index < 0) return this.#size < this.#limit ? this.#add(slot, a, b, c, d) : -1;
      const at = index * WORDS;
      if (words[at + 3] === d && words[at + 2] === c && words[at + 1] === b && words[at] === a) return index;
    }
  }

  /** Returns a copy of the addresses, 16 bytes each. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer.slice(0, this.#size * 4 * WORDS));
  }

  /** Returns a copy of one address. */
  bytesAt(index: number): Uint8Array {
    const at = index * WORDS;
    return new Uint8Array(this.#words.buffer.slice(4 * at, 4 * (at + WORDS)));
  }

  /** Returns the first two words of an address. */
  wordsAt(index: number): readonly [number, number] {
    const at = index * WORDS;
    return [this.#words[at] as number, this.#words[at + 1] as number];
  }

  #add(slot: number, a: number, b: number, c: number, d: number): number {
    const index = this.#size++;
    const at = index * WORDS;
    this.#words[at] = a;
    this.#words[at + 1] = b;
    this.#words[at + 2] = c;
    this.#words[at + 3] = d;
    this.#slots[slot] = index + 1;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return index;
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2);
    words.set(this.#words);
    const slots = new Int32Array(this.#slots.length * 2);
    const last = slots.length - 1;
    for (let index = 0; index < this.#size; index++) {
      const at = index * WORDS;
      let slot =
        hashOf(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number) & last;
      while (slots[slot] !== 0) slot = (slot + 1) & last;
      slots[slot] = index + 1;
    }
    this.#words = words;
    this.#slots = slots;
  }
}

/** Each step depends on the key, so addresses that collide under one key do not under another. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ KEY, 0x85eb_ca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0xc2b2_ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0x27d4_eb2f);
  hash = Math.imul((hash ^ (hash >>> 16)) + d, 0x1656_67b1);
  return hash ^ (hash >>> 15);
}

/** Returns the narrowest array that holds indexes below `size`. */
export function narrowIndexes(indexes: Uint32Array, size: number): AddressIndexes {
  if (size <= 0x100) return new Uint8Array(indexes);
  return size <= 0x1_0000 ? new Uint16Array(indexes) : indexes;
}
