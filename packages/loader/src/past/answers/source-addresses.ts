/** Addresses of sources, compared by their networks. */
import { formatAddress } from '@packetlog/common';

const ADDRESS_BYTES = 16;
const MAPPED_BITS = 96;
/** The third word of ::ffff:0:0/96. */
const MAPPED = 0xffff;
/** More than any list has. */
const NUMBERS = 2 ** 20;

export class SourceAddresses {
  readonly #size: number;
  readonly #bytes: Uint8Array;
  readonly #words: DataView;

  /** `bytesOf`: returns the 16 bytes of an address, by its number from 0. `size`: below 2^20. */
  constructor(size: number, bytesOf: (number: number) => Uint8Array) {
    this.#size = size;
    this.#bytes = new Uint8Array(size * ADDRESS_BYTES);
    this.#words = new DataView(this.#bytes.buffer);
    for (let i = 0; i < size; i++) this.#bytes.set(bytesOf(i), i * ADDRESS_BYTES);
  }

  text(number: number): string {
    return formatAddress(this.#bytes, number * ADDRESS_BYTES);
  }

  /** Returns all numbers in the order of the addresses: of IPv4, and of the first 32 bits of IPv6. */
  sorted(): Float64Array {
    const order = new Float64Array(this.#size);
    for (let i = 0; i < order.length; i++) order[i] = this.#word(i, this.#isIpv4(i) ? 3 : 0) * NUMBERS + i;
    order.sort();
    for (let i = 0; i < order.length; i++) order[i] = (order[i] as number) % NUMBERS;
    return order;
  }

  /** Returns whether both have the prefix in common. `prefix`: of 32 bits for IPv4 and of 128 bits for IPv6. */
  areInOneNetwork(one: number, other: number, prefix: number): boolean {
    const isIpv4 = this.#isIpv4(one);
    if (isIpv4 !== this.#isIpv4(other)) return false;
    let bits = isIpv4 ? MAPPED_BITS + prefix : prefix;
    for (let i = 0; bits > 0; i++, bits -= 32) {
      const difference = this.#word(one, i) ^ this.#word(other, i);
      if ((bits < 32 ? difference >>> (32 - bits) : difference) !== 0) return false;
    }
    return true;
  }

  #isIpv4(number: number): boolean {
    return this.#word(number, 2) === MAPPED && this.#word(number, 1) === 0 && this.#word(number, 0) === 0;
  }

  #word(number: number, which: number): number {
    return this.#words.getUint32(number * ADDRESS_BYTES + 4 * which);
  }
}
