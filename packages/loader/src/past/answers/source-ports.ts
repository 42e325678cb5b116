/** Counts the distinct ports that each of a few sources reached. */
import { AddressDictionary, portTest } from '@packetlog/common';
import type { PastBlock } from '../reading/past-blocks.ts';

const PORTS = 0x1_0000;

export class SourcePorts {
  readonly #sources: AddressDictionary;
  /** By source and protocol: a bit for each port. */
  readonly #reached: Map<number, Uint8Array>[];
  readonly #counts: number[];

  /** `sources`: 16 bytes each. */
  constructor(sources: readonly Uint8Array[]) {
    this.#sources = new AddressDictionary(sources.length);
    for (const source of sources) numberIn(this.#sources, wordsOf(source), 0);
    this.#reached = sources.map(() => new Map());
    this.#counts = sources.map(() => 0);
  }

  /** Distinct pairs of protocol and port, in the order of the sources. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Reads no more than a dictionary of a block that has none of the sources. */
  add({ columns, rows }: PastBlock): void {
    const words = wordsOf(columns.src_addr.dictionary);
    const numbers = new Int32Array(words.length / 4);
    let isThere = false;
    for (let i = 0; i < numbers.length; i++) {
      const number = numberIn(this.#sources, words, i);
      numbers[i] = number;
      isThere ||= number >= 0;
    }
    if (!isThere) return;
    const { count, ip_protocol, dst_port } = columns;
    const { indexes } = columns.src_addr;
    const hasPort = portTest(columns);
    for (let i = 0; i < count; i++) {
      const number = numbers[indexes[i] as number] as number;
      if (number < 0 || (rows !== undefined && rows[i] !== 1) || !hasPort(i)) continue;
      this.#reach(number, ip_protocol[i] as number, dst_port[i] as number);
    }
  }

  #reach(source: number, protocol: number, port: number): void {
    const reached = this.#reached[source] as Map<number, Uint8Array>;
    let bits = reached.get(protocol);
    if (bits === undefined) {
      bits = new Uint8Array(PORTS / 8);
      reached.set(protocol, bits);
    }
    const [at, bit] = [port >>> 3, 1 << (port & 7)];
    if (((bits[at] as number) & bit) !== 0) return;
    bits[at] = (bits[at] as number) | bit;
    this.#counts[source] = (this.#counts[source] as number) + 1;
  }
}

/** Returns -1 if the address is not in a full dictionary. */
function numberIn(sources: AddressDictionary, words: Int32Array, i: number): number {
  const at = 4 * i;
  return sources.indexOf(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  );
}

/** Copies what is not aligned. */
function wordsOf(addresses: Uint8Array): Int32Array {
  const aligned = addresses.byteOffset % 4 === 0 ? addresses : addresses.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
