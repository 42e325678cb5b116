/** Answers `past:learn`: what only a set of sources sent in a range, and rules that deny it. */
import {
  AddressDictionary,
  type Filter,
  formatAddress,
  formatFilter,
  formatNetwork,
  formatRuleSource,
  type Network,
  type PastLearned,
  type PastLearnRequest,
  parseFilter,
  parseNetwork,
  simplified,
  unmapped,
} from '@packetlog/common';
import type { MissingPart } from '../reading/missing.ts';
import { readColumns } from '../reading/past-blocks.ts';
import { plural, utcText } from '../reading/report-text.ts';
import type { TimeRange } from '../reading/time-range.ts';
import { type CountLimits, LearnSums } from './learn-sums.ts';
import { rulesByKind, type Service, warningsOf } from './learned-rules.ts';
import { type Answering, nsOf, type PastView } from './past-view.ts';
import { QuestionError } from './question-error.ts';
import { BlockAddresses, hasSource, SOURCE_FIELDS, SourceSet } from './source-set.ts';
import { kindOf } from './traffic-kinds.ts';

/** The set: networks, or the sources of the packets that match. */
export type LearnedFrom = { readonly networks: readonly Network[] } | { readonly filter: Filter };

export interface LearnLimits extends CountLimits {
  /** Sources in the list of a set. */
  readonly list: number;
}

/** The sums take about 30 MiB. The list of a set fits into the message of a dry run. */
const LIMITS: LearnLimits = { sources: 131_072, pairs: 524_288, list: 1500 };
/** Kinds and sources in the answer. */
const MAX_LISTED = 100;
const MAX_RULES = 20;
/** Name of the set in the rule of a list. */
export const LEARNED_SET = 'learned';

export function learnRequest(request: PastLearnRequest): Pick<LearnOptions, 'range' | 'from'> {
  const { from_ms, to_ms, sources = [], filter } = request;
  const range = { fromNs: nsOf(from_ms), toNs: nsOf(to_ms) };
  if (filter !== undefined) return { range, from: { filter: simplified(parseFilter(filter)) } };
  return { range, from: { networks: sources.map((text) => unmapped(parseNetwork(text))) } };
}

export interface LearnOptions {
  readonly range: TimeRange;
  readonly from: LearnedFrom;
  /** Addresses are recorded as networks. */
  readonly isAnonymized: boolean;
  /** Ports on which this machine listens. */
  readonly services: readonly Service[];
  readonly limits?: Partial<LearnLimits>;
}

/** Throws QuestionError if more sources match a filter than can be held. */
export function* pastLearn(view: PastView, options: LearnOptions): Answering<PastLearned> {
  const { range, from } = options;
  const limits = { ...LIMITS, ...options.limits };
  const set =
    'networks' in from
      ? SourceSet.ofNetworks(from.networks)
      : SourceSet.ofAddresses(yield* sourcesOf(view, range, from.filter, limits.sources));
  const sums = new LearnSums(set, limits);
  yield* view.blocks.steps({ range, filter: undefined }, (block) => sums.add(block));
  return answerOf(view, { ...options, limits }, sums);
}

function* sourcesOf(view: PastView, range: TimeRange, filter: Filter, limit: number): Answering<AddressDictionary> {
  const found = new AddressDictionary(limit);
  const selected = filter.kind === 'all' ? undefined : filter;
  yield* view.blocks.steps({ range, filter: selected }, ({ columns, rows }) => {
    readColumns(columns, SOURCE_FIELDS);
    const addresses = new BlockAddresses(columns.src_addr.dictionary);
    const kinds = addresses.kinds();
    const isKnown = new Uint8Array(addresses.size);
    for (let i = 0; i < columns.count; i++) {
      const entry = columns.src_addr.indexes[i] as number;
      if (isKnown[entry] === 1 || (rows !== undefined && rows[i] !== 1) || !hasSource(columns, i, kinds)) continue;
      isKnown[entry] = 1;
      if (found.indexOf(...addresses.at(entry)) < 0) throw tooMany(limit);
    }
  });
  return found;
}

function tooMany(limit: number): QuestionError {
  return new QuestionError(
    `More than ${limit.toLocaleString('en-US')} sources sent packets that match the filter: narrow the filter or the range.`,
  );
}

function answerOf(view: PastView, options: LearnOptions & { limits: LearnLimits }, sums: LearnSums): PastLearned {
  const { range, from } = options;
  const { kinds, sources } = sums;
  const reason = `Only ${setText(from, sources.size, sources.bytesOf(0))} sent this ${rangeText(range)}`;
  const rules = rulesByKind(kinds, MAX_RULES, reason);
  const only = kindList(kinds, (kind) => kinds.otherPackets[kind] === 0);
  const covered = rules.reduce(addVolume, { packets: 0, bytes: 0, kinds: 0 });
  const { entries, others } = sources.top(MAX_LISTED);
  return {
    sources: {
      packets: entries.reduce((sum, { packets }) => sum + packets, others.packets),
      bytes: entries.reduce((sum, { bytes }) => sum + bytes, others.bytes),
      entries: entries.map(({ key, ...volume }) => ({ addr: formatAddress(sources.bytesOf(key)), ...volume })),
      others,
      distinct: sources.size,
    },
    only: { ...only.list, entries: only.list.entries.map(({ other_packets: _, ...kind }) => kind) },
    shared: kindList(kinds, (kind) => kinds.otherPackets[kind] !== 0).list,
    by_kind: {
      rules: rules.map(({ rule, unusedPorts, ...amounts }) => ({
        rule,
        ...amounts,
        unused_ports: unusedPorts,
      })),
      uncovered: {
        packets: only.total.packets - covered.packets,
        bytes: only.total.bytes - covered.bytes,
        kinds: only.total.kinds - covered.kinds,
      },
      warnings: warningsOf(rules, options.services),
    },
    by_source: bySource(options, sums, `Learned from packets recorded ${rangeText(range)}`),
    coverage: view.coverage(range, sums, uncounted(sums)),
  };
}

interface KindVolume {
  packets: number;
  bytes: number;
  kinds: number;
}

function addVolume(sum: KindVolume, { packets, bytes, kinds }: KindVolume): KindVolume {
  return { packets: sum.packets + packets, bytes: sum.bytes + bytes, kinds: sum.kinds + kinds };
}

type SharedKind = PastLearned['shared']['entries'][number];

/** Lists the kinds that the set sent and `isListed` selects. */
function kindList(
  { packets, bytes, sources, otherPackets }: LearnSums['kinds'],
  isListed: (kind: number) => boolean,
): { list: PastLearned['shared']; total: KindVolume } {
  const numbers: number[] = [];
  let total: KindVolume = { packets: 0, bytes: 0, kinds: 0 };
  for (let kind = 0; kind < packets.length; kind++) {
    if (packets[kind] === 0 || !isListed(kind)) continue;
    numbers.push(kind);
    total = addVolume(total, { packets: packets[kind] as number, bytes: bytes[kind] as number, kinds: 1 });
  }
  numbers.sort((one, other) => (packets[other] as number) - (packets[one] as number) || one - other);
  const entries = numbers.slice(0, MAX_LISTED).map((kind): SharedKind => {
    const { ipProtocol, port, icmpType } = kindOf(kind);
    return {
      ip_protocol: ipProtocol,
      ...(port !== undefined && { port }),
      ...(icmpType !== undefined && { icmp_type: icmpType }),
      packets: packets[kind] as number,
      bytes: bytes[kind] as number,
      sources: sources[kind] as number,
      other_packets: otherPackets[kind] as number,
    };
  });
  const listed = entries.reduce((sum, each) => addVolume(sum, { packets: each.packets, bytes: each.bytes, kinds: 1 }), {
    packets: 0,
    bytes: 0,
    kinds: 0,
  });
  const others = { packets: total.packets - listed.packets, bytes: total.bytes - listed.bytes };
  return { list: { entries, others, distinct: numbers.length }, total };
}

function bySource(
  { from, isAnonymized, limits }: LearnOptions & { limits: LearnLimits },
  { sources }: LearnSums,
  reason: string,
): PastLearned['by_source'] {
  if (sources.size === 0) return { rules: [], list: [], unlisted: 0 };
  const ordered = () =>
    sources.top(limits.list).entries.map(({ key }) => {
      const bytes = sources.bytesOf(key);
      return isAnonymized ? recordedNetwork(bytes) : formatAddress(bytes);
    });
  const given = (networks: readonly Network[]) => [
    ...new Set(networks.map((network) => formatRuleSource({ kind: 'network', network }))),
  ];
  const names = 'networks' in from ? given(from.networks) : ordered();
  const rule = (source: string) => ({ action: 'deny' as const, source, reason });
  if (names.length <= MAX_RULES) return { rules: names.map(rule), list: [], unlisted: 0 };
  const unlisted = 'networks' in from ? 0 : sources.size - names.length;
  return { rules: [rule(`set:${LEARNED_SET}`)], list: names, unlisted };
}

/** Returns the network that an address stands for, as the recorder anonymizes it: /24 of IPv4 and /48 of IPv6. */
function recordedNetwork(address: Uint8Array): string {
  const isIpv6 = formatAddress(address).includes(':');
  const kept = isIpv6 ? 6 : 15;
  const bytes = address.map((byte, i) => (i < kept ? byte : 0));
  return formatNetwork({ family: isIpv6 ? 6 : 4, bytes, bits: 8 * kept });
}

function uncounted({ uncounted: records }: LearnSums): MissingPart[] {
  if (records === 0) return [];
  const line = `not counted by source: ${plural(records, 'record')}, so a kind has at least as many sources as its number says; packets and rules are exact`;
  return [{ kind: 'uncounted', fromNs: undefined, toNs: undefined, count: records, line }];
}

/** Longest text of a filter in a reason. */
const MAX_FILTER_TEXT = 120;
const NOT_PRINTABLE = /[\p{C}\u2028\u2029]/gu;

function setText(from: LearnedFrom, sources: number, first: Uint8Array): string {
  if ('filter' in from) {
    if (sources === 1) return formatAddress(first);
    const text = formatFilter(from.filter).replace(NOT_PRINTABLE, '\ufffd');
    const shown = text.length > MAX_FILTER_TEXT ? `${text.slice(0, MAX_FILTER_TEXT)} …` : text;
    return `the ${sources.toLocaleString('en-US')} sources of ${shown}`;
  }
  const [network, ...more] = from.networks;
  const named = network === undefined ? '' : formatRuleSource({ kind: 'network', network });
  return more.length === 0 ? named : `${named} and ${plural(more.length, 'other source')}`;
}

function rangeText({ fromNs, toNs }: TimeRange): string {
  if (fromNs === undefined) return toNs === undefined ? 'in all recorded packets' : `before ${secondText(toNs)} UTC`;
  if (toNs === undefined) return `since ${secondText(fromNs)} UTC`;
  return `from ${secondText(fromNs)} to ${secondText(toNs)} UTC`;
}

function secondText(ns: bigint): string {
  return utcText(ns).replace(/\.\d+$/, '');
}
