/** Networks as words of 32 bits in host order: one for IPv4, four for IPv6, as in AddressList. */
import type { Network } from '@packetlog/common';

export function words({ family, bytes }: Network): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (family === 4 ? [12] : [0, 4, 8, 12]).map((at) => view.getUint32(at));
}

/** Returns the prefix length in the network's own family. */
export function prefixLength({ family, bits }: Network): number {
  return family === 4 ? bits - 96 : bits;
}

/** Returns whether the first `bits` of `network` and of `others` from index `at` are the same. */
export function startsWith(network: ArrayLike<number>, others: ArrayLike<number>, at: number, bits: number): boolean {
  for (let word = 0, rest = bits; rest > 0; word++, rest -= 32) {
    const differs = ((network[word] as number) ^ (others[at + word] as number)) >>> 0;
    if (rest >= 32 ? differs !== 0 : differs >>> (32 - rest) !== 0) return false;
  }
  return true;
}
