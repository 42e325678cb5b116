/** Groups all counted sources by network, autonomous system or country. */
import { formatAddress, MAX_GROUP_NETWORKS, type PastTop } from '@packetlog/common';
import type { SourcePlaces } from '../../enrichment/source-places.ts';
import { BlockAddresses, wordsAt } from './block-addresses.ts';
import type { Flow } from './flow-sums.ts';
import { KeySums } from './key-sums.ts';
import type { Answering } from './past-view.ts';
import { networkText, networkWords, SOURCE_PREFIX } from './source-network.ts';

export type SourceGroupList = NonNullable<PastTop['groups']>;

/** Sources between two pauses. */
const SOURCES_PER_STEP = 1024;

/** Sums by network, added while the blocks are read: exact for more sources than are counted separately. */
export class NetworkSums {
  readonly table: KeySums;
  #block: BlockAddresses | undefined;

  constructor(maxKeys: number) {
    this.table = new KeySums(maxKeys);
  }

  /** `dictionary`: the sources of the block to which the next flows belong. */
  begin(dictionary: Uint8Array): void {
    this.#block = new BlockAddresses(dictionary, networkWords);
  }

  add(flow: Flow): void {
    if (this.#block !== undefined) this.table.addTo(this.#block.numberIn(this.table, flow.source), flow);
  }

  /** Counts the sources of each network, and returns the networks with the most packets. */
  *list(sources: KeySums, limit: number): Answering<SourceGroupList> {
    const counts = new Uint32Array(this.table.size);
    for (let key = 0; key < sources.size; key++) {
      if (key % SOURCES_PER_STEP === 0) yield;
      const words = new Int32Array(sources.bytesOf(key).buffer);
      const number = this.table.numberOf(...networkWords(wordsAt(words, 0)));
      if (number >= 0) counts[number] = (counts[number] as number) + 1;
    }
    const { entries, others } = this.table.top(limit);
    return {
      entries: entries.map(({ key, packets, bytes }) => {
        const first = this.table.bytesOf(key);
        const name = networkText(first, SOURCE_PREFIX);
        return { name, sources: counts[key] as number, networks: [name], packets, bytes };
      }),
      others,
      distinct: this.table.size,
    };
  }
}

interface Group {
  readonly name: string;
  readonly title: string | undefined;
  sources: number;
  packets: number;
  bytes: number;
  /** Of those that are listed. */
  networks: Set<string> | undefined;
}

/** Looks up each counted source; what was not counted by source is in `others`. */
export function* placeGroups(sources: KeySums, places: SourcePlaces, limit: number): Answering<SourceGroupList> {
  const groups = new Map<string, Group>();
  const groupOf: Group[] = [];
  const prefixes = new Uint8Array(sources.size);
  const longest = new Uint8Array(sources.size);
  for (let key = 0; key < sources.size; key++) {
    if (key % SOURCES_PER_STEP === 0) yield;
    const { name, title, prefix, longestPrefix } = places.find(formatAddress(sources.bytesOf(key)));
    const group = groups.get(name) ?? { name, title, sources: 0, packets: 0, bytes: 0, networks: undefined };
    groups.set(name, group);
    const { packets, bytes } = sources.sumsOf(key);
    group.sources++;
    group.packets += packets;
    group.bytes += bytes;
    groupOf.push(group);
    prefixes[key] = prefix;
    longest[key] = longestPrefix;
  }
  const order = [...groups.values()].sort((one, other) => other.packets - one.packets);
  const listed = order.slice(0, limit);
  for (const group of listed) group.networks = new Set();
  const lengths = places.isMixed ? longest : prefixes;
  for (const [key, { networks }] of groupOf.entries()) {
    if (key % SOURCES_PER_STEP === 0) yield;
    if (networks === undefined || networks.size > MAX_GROUP_NETWORKS) continue;
    networks.add(networkText(sources.bytesOf(key), lengths[key] as number));
  }
  const others = { packets: sources.beyond.packets, bytes: sources.beyond.bytes };
  for (const { packets, bytes } of order.slice(limit)) {
    others.packets += packets;
    others.bytes += bytes;
  }
  return { entries: listed.map(entryOf), others, distinct: groups.size };
}

function entryOf({ name, title, sources, packets, bytes, networks }: Group): SourceGroupList['entries'][number] {
  const all = [...(networks ?? [])].sort();
  return {
    name,
    ...(title !== undefined && { title }),
    sources,
    ...(all.length <= MAX_GROUP_NETWORKS && { networks: all }),
    packets,
    bytes,
  };
}
