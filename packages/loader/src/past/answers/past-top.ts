/** Answers `past:top`. */
import {
  formatAddress,
  type PastTop,
  type PastTopRequest,
  type RecordColumns,
  type SourceGroup,
} from '@packetlog/common';
import type { PlaceDatabase } from '../../enrichment/place-database.ts';
import { SourcePlaces } from '../../enrichment/source-places.ts';
import type { InterfacePeriod } from '../../recorder/format/interface-history.ts';
import type { MissingPart } from '../reading/missing.ts';
import { type PairBlock, type PastBlock, readColumns } from '../reading/past-blocks.ts';
import { plural } from '../reading/report-text.ts';
import { BlockAddresses } from './block-addresses.ts';
import { FLOW_FIELDS, type Flow, flowsOf, pairFlows } from './flow-sums.ts';
import { KeySums, type KeyTop } from './key-sums.ts';
import { type Answering, blockRequest, type PastView } from './past-view.ts';
import { NetworkSums, placeGroups, type SourceGroupList } from './source-groups.ts';
import { SourcePorts } from './source-ports.ts';

/** Distinct keys of one list that are counted: about 8 MiB a list. */
const MAX_KEYS = 131_072;
const NO_RULE = 0;

/** For groups by AS and country. */
export interface TopPlaces {
  readonly databases: readonly PlaceDatabase[];
  /** Why there are none, as whole sentences; undefined if there is one. */
  readonly problem: string | undefined;
}

export function* pastTop(
  view: PastView,
  { limit = DEFAULT_LIMIT, group, ...request }: PastTopRequest,
  { places, maxKeys = MAX_KEYS }: { places: TopPlaces; maxKeys?: number },
): Answering<PastTop> {
  const selected = blockRequest(request);
  const sums = new TopSums(maxKeys, group);
  // Sums by pair have ports only of all records together.
  const pairs = { withBytes: true, take: (block: PairBlock) => sums.addPairs(block) };
  const usePairs = selected.filter === undefined ? { pairs } : {};
  yield* view.blocks.steps({ ...selected, ...usePairs, byPeriod: true }, (block) => sums.add(block));
  const sources = sums.topSources(limit);
  // In a second turn, of the listed sources only: ports of all sources would need more memory than everything else.
  const ports = new SourcePorts(sources.entries.map(({ key }) => sums.addressOf(key)));
  yield* view.blocks.steps(selected, (block) => ports.add(block));
  return {
    ...sums.top(limit, sources, ports.counts),
    ...(yield* groupsOf(sums, group, places, limit)),
    coverage: view.coverage(selected.range, sums, sums.uncounted()),
  };
}

function* groupsOf(
  sums: TopSums,
  group: SourceGroup | undefined,
  { databases, problem }: TopPlaces,
  limit: number,
): Answering<Pick<PastTop, 'groups' | 'groups_problem'>> {
  if (group === undefined) return {};
  if (group !== 'network' && problem !== undefined) return { groups_problem: problem };
  return { groups: yield* sums.groups(group, databases, limit) };
}

const DEFAULT_LIMIT = 10;
const NO_ROOM = -1;

class TopSums {
  packets = 0;
  records = 0;
  readonly #sources: KeySums;
  readonly #destinations: KeySums;
  readonly #ports: KeySums;
  readonly #pairs: KeySums;
  readonly #rules: KeySums;
  readonly #names = new Map<string, number>();
  readonly #interfaces: KeySums;
  readonly #networks: NetworkSums | undefined;

  constructor(maxKeys: number, group: SourceGroup | undefined) {
    const table = () => new KeySums(maxKeys);
    this.#sources = table();
    this.#destinations = table();
    this.#ports = table();
    this.#pairs = table();
    this.#rules = table();
    this.#interfaces = table();
    this.#networks = group === 'network' ? new NetworkSums(maxKeys) : undefined;
  }

  add({ columns, rows, period }: PastBlock): void {
    readColumns(columns, FLOW_FIELDS);
    this.#addFlows(flowsOf(columns, rows), columns, period);
  }

  /** Returns false if the records are needed, because the sums have no ports. */
  addPairs({ pairs, period }: PairBlock): boolean {
    const { ports } = pairs;
    if (ports === undefined) return false;
    this.#addFlows(pairFlows(pairs), pairs, period);
    const { count, services, packets, bytes, records } = ports;
    for (let i = 0; i < count; i++) {
      const service = services[i] as number;
      const sums = { packets: packets[i] as number, bytes: bytes[i] as number, records: records[i] as number };
      this.#ports.add(service >>> 16, service & 0xffff, sums);
    }
    return true;
  }

  topSources(limit: number): KeyTop {
    return this.#sources.top(limit);
  }

  /** Returns the 16 bytes of a source. */
  addressOf(source: number): Uint8Array {
    return this.#sources.bytesOf(source);
  }

  /** `sources`: of topSources; `ports`: how many each of them reached. */
  top(limit: number, sources: KeyTop, ports: readonly number[]): Omit<PastTop, 'coverage'> {
    const portsOf = new Map(sources.entries.map(({ key }, i) => [key, ports[i] ?? 0]));
    const names = [...this.#names.keys()];
    return {
      sources: listOf(this.#sources, sources, (key) => ({
        addr: formatAddress(this.#sources.bytesOf(key)),
        ports: portsOf.get(key) ?? 0,
      })),
      ports: listOf(this.#ports, this.#ports.top(limit), (key) => {
        const [ip_protocol, port] = this.#ports.wordsOf(key);
        return { ip_protocol, port };
      }),
      pairs: listOf(this.#pairs, this.#pairs.top(limit), (key) => {
        const [source, destination] = this.#pairs.wordsOf(key);
        return {
          src_addr: formatAddress(this.#sources.bytesOf(source)),
          dst_addr: formatAddress(this.#destinations.bytesOf(destination)),
        };
      }),
      rules: listOf(this.#rules, this.#rules.top(limit), (key) => ({ rule_id: this.#rules.wordsOf(key)[0] >>> 0 })),
      interfaces: listOf(this.#interfaces, this.#interfaces.top(limit), (key) => ({
        name: names[this.#interfaces.wordsOf(key)[0]] ?? '',
      })),
    };
  }

  /** Groups all sources. `databases`: not needed for networks. */
  groups(by: SourceGroup, databases: readonly PlaceDatabase[], limit: number): Answering<SourceGroupList> {
    if (this.#networks !== undefined) return this.#networks.list(this.#sources, limit);
    return placeGroups(this.#sources, new SourcePlaces(databases, by === 'as' ? 'as' : 'country'), limit);
  }

  /** What the lists miss, because there were more distinct values than are counted. */
  uncounted(): MissingPart[] {
    const tables = [this.#sources, this.#destinations, this.#pairs];
    const records = Math.max(...tables.map(({ beyond }) => beyond.records));
    if (records === 0) return [];
    const line = `not counted by address: ${plural(records, 'record')} of further addresses or pairs, which are in others; narrow the range or the filter`;
    return [{ kind: 'uncounted', fromNs: undefined, toNs: undefined, count: records, line }];
  }

  #addFlows(
    flows: Iterable<Flow>,
    { src_addr, dst_addr }: Pick<RecordColumns, 'src_addr' | 'dst_addr'>,
    period: InterfacePeriod,
  ): void {
    const from = new BlockAddresses(src_addr.dictionary);
    const to = new BlockAddresses(dst_addr.dictionary);
    this.#networks?.begin(src_addr.dictionary);
    for (const flow of flows) {
      this.packets += flow.packets;
      this.records += flow.records;
      const name = period.nameOf(flow.ifindex);
      const number = this.#names.get(name) ?? this.#names.size;
      this.#names.set(name, number);
      this.#interfaces.add(number, 0, flow);
      if (flow.ruleId !== NO_RULE) this.#rules.add(flow.ruleId | 0, 0, flow);
      if (flow.port !== undefined) this.#ports.add(flow.ipProtocol, flow.port, flow);
      if (flow.isIp) this.#addAddresses(flow, from, to);
    }
  }

  #addAddresses(flow: Flow, from: BlockAddresses, to: BlockAddresses): void {
    const source = from.numberIn(this.#sources, flow.source);
    const destination = to.numberIn(this.#destinations, flow.destination);
    this.#sources.addTo(source, flow);
    this.#networks?.add(flow);
    if (destination < 0) this.#destinations.addTo(destination, flow);
    if (source < 0 || destination < 0) this.#pairs.addTo(NO_ROOM, flow);
    else this.#pairs.add(source, destination, flow);
  }
}

function listOf<Shape extends object>(
  table: KeySums,
  { entries, others }: KeyTop,
  shape: (key: number) => Shape,
): { entries: (Shape & { packets: number; bytes: number })[]; others: KeyTop['others']; distinct: number } {
  return {
    entries: entries.map(({ key, packets, bytes }) => ({ ...shape(key), packets, bytes })),
    others,
    distinct: table.size,
  };
}
