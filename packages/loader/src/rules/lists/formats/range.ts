/** Converts ranges of addresses, `192.0.2.4 - 192.0.2.9`, into networks. */
import { type Network, readNetwork, unmapped } from '@packetlog/common';

const RANGE = /^([\da-fA-F:.]{2,45})\s*[-\u2013]\s*([\da-fA-F:.]{2,45})$/;
const BITS = 128;

/** Returns the fewest networks that cover the range, in order, at most 254; undefined for other text. */
export function parseRange(text: string): Network[] | undefined {
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const [first, last] = [addressOf(from), addressOf(to)];
  if (first === undefined || last === undefined || first.family !== last.family) return undefined;
  let at = numberOf(first.bytes);
  const end = numberOf(last.bytes);
  if (at > end) return undefined;
  const networks: Network[] = [];
  while (at <= end) {
    let free = 0;
    // Extend the network as far as its start is aligned and it ends within the range.
    while (free < BITS && (at & (1n << BigInt(free))) === 0n && at + (2n << BigInt(free)) - 1n <= end) free++;
    networks.push({ family: first.family, bytes: bytesOf(at), bits: BITS - free });
    at += 1n << BigInt(free);
  }
  return networks;
}

function addressOf(text: string): Network | undefined {
  const read = readNetwork(text);
  return 'problem' in read ? undefined : unmapped(read);
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(number: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(BITS / 4, '0'), 'hex'));
}
