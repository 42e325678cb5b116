/** Groups all counted sources by network, autonomous system or country. */
import { MAX_GROUP_NETWORKS, type PastTop } from '@packetlog/common';
import type { SourcePlace, SourcePlaces } from '../../enrichment/source-places.ts';
import { BlockAddresses, wordsAt } from './block-addresses.ts';
import type { Flow } from './flow-sums.ts';
import { KeySums } from './key-sums.ts';
import type { Answering } from './past-view.ts';
import { SourceAddresses } from './source-addresses.ts';
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
  /** As the files have it for the first of its sources. */
  title: string | undefined;
  /** The lowest number of its sources. */
  first: number;
  sources: number;
  packets: number;
  bytes: number;
  /** Of those that are listed. */
  networks: Set<string> | undefined;
}

/**
 * Groups each counted source; what was not counted by source is in `others`. Sources are looked up in the order of their
 * addresses: those in one network of the files share a lookup.
 */
export function* placeGroups(sources: KeySums, places: SourcePlaces, limit: number): Answering<SourceGroupList> {
  const groups = new Map<string, Group>();
  const groupOf: Group[] = new Array(sources.size);
  const prefixes = new Uint8Array(sources.size);
  const longest = new Uint8Array(sources.size);
  const addresses = new SourceAddresses(sources.size, (key) => sources.bytesOf(key));
  let found: { readonly key: number; readonly place: SourcePlace; readonly group: Group } | undefined;
  let steps = 0;
  for (const key of addresses.sorted()) {
    if (steps++ % SOURCES_PER_STEP === 0) yield;
    if (found === undefined || !addresses.areInOneNetwork(found.key, key, found.place.longestPrefix)) {
      const place = places.find(addresses.text(key));
      found = { key, place, group: groupFor(place, groups) };
    }
    const { group, place } = found;
    const { packets, bytes } = sources.sumsOf(key);
    if (key < group.first) {
      group.first = key;
      group.title = place.title;
    }
    group.sources++;
    group.packets += packets;
    group.bytes += bytes;
    groupOf[key] = group;
    prefixes[key] = place.prefix;
    longest[key] = place.longestPrefix;
  }
  const order = [...groups.values()].sort((one, other) => other.packets - one.packets || one.first - other.first);
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

function groupFor({ name, title }: SourcePlace, groups: Map<string, Group>): Group {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const first = Number.POSITIVE_INFINITY;
  const group = { name, title, first, sources: 0, packets: 0, bytes: 0, networks: undefined };
  groups.set(name, group);
  return group;
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
