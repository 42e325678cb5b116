/** Answers `past:top`. */
import { formatAddress, type PastTop, type PastTopRequest, type SourceGroup } from '@packetlog/common';
import type { PlaceDatabase } from '../../enrichment/place-database.ts';
import { SourcePlaces } from '../../enrichment/source-places.ts';
import type { MissingPart } from '../reading/missing.ts';
import { type PastBlock, readColumns } from '../reading/past-blocks.ts';
import { plural } from '../reading/report-text.ts';
import { BlockAddresses } from './block-addresses.ts';
import { FLOW_FIELDS, type Flow, flowsOf } from './flow-sums.ts';
import { KeySums, type KeyTop } from './key-sums.ts';
import { type Answering, blockRequest, type PastView } from './past-view.ts';
import { NetworkSums, placeGroups, type SourceGroupList } from './source-groups.ts';

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
  yield* view.blocks.steps({ ...selected, byPeriod: true }, (block) => sums.add(block));
  return {
    ...sums.top(limit),
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
  readonly #sourcePorts: KeySums;
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
    this.#sourcePorts = table();
    this.#rules = table();
    this.#interfaces = table();
    this.#networks = group === 'network' ? new NetworkSums(maxKeys) : undefined;
  }

  add({ columns, rows, period }: PastBlock): void {
    readColumns(columns, FLOW_FIELDS);
    const from = new BlockAddresses(columns.src_addr.dictionary);
    const to = new BlockAddresses(columns.dst_addr.dictionary);
    this.#networks?.begin(columns.src_addr.dictionary);
    for (const flow of flowsOf(columns, rows)) {
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

  top(limit: number): Omit<PastTop, 'coverage'> {
    const sources = this.#sources.top(limit);
    const ports = this.#portsOf(new Set(sources.entries.map(({ key }) => key)));
    const names = [...this.#names.keys()];
    return {
      sources: listOf(this.#sources, sources, (key) => ({
        addr: formatAddress(this.#sources.bytesOf(key)),
        ports: ports.get(key) ?? 0,
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
    const tables = [this.#sources, this.#destinations, this.#pairs, this.#sourcePorts];
    const records = Math.max(...tables.map(({ beyond }) => beyond.records));
    if (records === 0) return [];
    const line = `not counted by address: ${plural(records, 'record')} of further addresses, pairs or ports, which are in others; narrow the range or the filter`;
    return [{ kind: 'uncounted', fromNs: undefined, toNs: undefined, count: records, line }];
  }

  #addAddresses(flow: Flow, from: BlockAddresses, to: BlockAddresses): void {
    const source = from.numberIn(this.#sources, flow.source);
    const destination = to.numberIn(this.#destinations, flow.destination);
    this.#sources.addTo(source, flow);
    this.#networks?.add(flow);
    if (destination < 0) this.#destinations.addTo(destination, flow);
    if (source < 0 || destination < 0) this.#pairs.addTo(NO_ROOM, flow);
    else this.#pairs.add(source, destination, flow);
    if (source >= 0 && flow.port !== undefined) {
      this.#sourcePorts.add(source, (flow.ipProtocol << 16) | flow.port, flow);
    }
  }

  /** Returns the number of distinct ports of these sources. */
  #portsOf(sources: ReadonlySet<number>): Map<number, number> {
    const counts = new Map<number, number>();
    for (let key = 0; key < this.#sourcePorts.size; key++) {
      const [source] = this.#sourcePorts.wordsOf(key);
      if (sources.has(source)) counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    return counts;
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
