/** Answers `past:first_seen`: reads the addresses of the segments, oldest first, until all are found. */
import { type FirstSeen, type FirstSeenRequest, parseAddress, type RecordColumns } from '@packetlog/common';
import { type PastBlock, readColumns } from '../reading/past-blocks.ts';
import type { Answering, PastView } from './past-view.ts';

const NS_PER_MS = 1_000_000n;

export function* firstSeen(view: PastView, { addresses }: FirstSeenRequest): Answering<FirstSeen> {
  const search = new Search(addresses);
  const range = { fromNs: undefined, toNs: undefined };
  const wants = ({ firstNs }: { firstNs: bigint }) => search.mayBeFirst(firstNs);
  yield* view.blocks.steps({ range, filter: undefined, wants }, (block) => search.look(block));
  return Object.fromEntries([...search.found].map(([address, ns]) => [address, Number(ns / NS_PER_MS)]));
}

class Search {
  /** By the text of the request: the time of its first record so far. */
  readonly found = new Map<string, bigint>();
  /** By address, 16 bytes as text: how the request writes it. */
  readonly #wanted = new Map<string, string[]>();
  /** Hashes of wanted addresses: most others are recognized by theirs. */
  readonly #lastWords = new Set<number>();
  readonly #count: number;

  constructor(addresses: readonly string[]) {
    for (const address of new Set(addresses)) {
      const bytes = parseAddress(address);
      const key = keyOf(bytes, 0);
      this.#wanted.set(key, [...(this.#wanted.get(key) ?? []), address]);
      this.#lastWords.add(lastWord(bytes, 0));
    }
    this.#count = new Set(addresses).size;
  }

  /** Whether a segment that begins then may have an earlier record of any address. */
  mayBeFirst(firstNs: bigint): boolean {
    return this.found.size < this.#count || [...this.found.values()].some((ns) => firstNs < ns);
  }

  look({ columns }: PastBlock): void {
    const { dictionary } = columns.src_addr;
    const entries = new Map<number, string[]>();
    for (let entry = 0; entry * 16 < dictionary.length; entry++) {
      if (!this.#lastWords.has(lastWord(dictionary, entry * 16))) continue;
      const names = this.#wanted.get(keyOf(dictionary, entry * 16));
      if (names !== undefined) entries.set(entry, names);
    }
    if (entries.size === 0) return;
    readColumns(columns, ['src_addr', 'timestamp_ns']);
    for (const [entry, ns] of earliest(columns, new Set(entries.keys()))) {
      for (const name of entries.get(entry) ?? []) {
        const known = this.found.get(name);
        if (known === undefined || ns < known) this.found.set(name, ns);
      }
    }
  }
}

/** Returns the earliest time of each of these sources. */
function earliest({ count, src_addr, timestamp_ns }: RecordColumns, sources: ReadonlySet<number>): Map<number, bigint> {
  const times = new Map<number, bigint>();
  for (let i = 0; i < count; i++) {
    const source = src_addr.indexes[i] as number;
    if (!sources.has(source)) continue;
    const time = timestamp_ns[i] as bigint;
    const known = times.get(source);
    if (known === undefined || time < known) times.set(source, time);
  }
  return times;
}

function keyOf(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('latin1');
}

function lastWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + 12] as number) << 24) |
    ((bytes[at + 13] as number) << 16) |
    ((bytes[at + 14] as number) << 8) |
    (bytes[at + 15] as number)
  );
}
