/** Tracks which conditions hold, as a set of bits that changes one by one; equal sets get the same number. */
export class ServiceSignatures {
  readonly #words: number;
  readonly #now: Uint32Array;
  #hash = 0;
  readonly #hashes: Uint32Array;
  /** The bits of all numbered sets, back to back. */
  #known: Uint32Array;
  #count = 0;
  readonly #byHash = new Map<number, number[]>();

  constructor(conditions: number) {
    this.#words = Math.max(1, Math.ceil(conditions / 32));
    this.#now = new Uint32Array(this.#words);
    this.#known = new Uint32Array(16 * this.#words);
    this.#hashes = Uint32Array.from({ length: conditions }, (_, place) => spread(place + 1));
    // The empty set is first, so that it is service 0.
    this.current();
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#now.fill(0);
    this.#hash = 0;
  }

  toggle(condition: number): void {
    const word = condition >>> 5;
    this.#now[word] = (this.#now[word] as number) ^ (1 << (condition & 31));
    this.#hash ^= this.#hashes[condition] as number;
  }

  /** Returns the number of the current set. */
  current(): number {
    const candidates = this.#byHash.get(this.#hash);
    const known = candidates?.find((number) => this.#equals(number));
    if (known !== undefined) return known;
    const number = this.#count++;
    if (candidates) candidates.push(number);
    else this.#byHash.set(this.#hash, [number]);
    if (this.#count * this.#words > this.#known.length) {
      const larger = new Uint32Array(2 * this.#known.length);
      larger.set(this.#known);
      this.#known = larger;
    }
    this.#known.set(this.#now, number * this.#words);
    return number;
  }

  /** Returns whether a condition holds for all packets of a service; otherwise it holds for none. */
  holds(service: number, condition: number): boolean {
    const word = this.#known[service * this.#words + (condition >>> 5)] as number;
    return ((word >>> (condition & 31)) & 1) === 1;
  }

  #equals(number: number): boolean {
    const at = number * this.#words;
    for (let i = 0; i < this.#words; i++) if (this.#known[at + i] !== this.#now[i]) return false;
    return true;
  }
}

/** Hash of a bit set; equality is decided by the bits, so any hash will do. This is the finalizer of MurmurHash3. */
function spread(value: number): number {
  const half = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const most = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return most ^ (most >>> 16);
}
