import { formatIpProtocol, type HistoryTop, type LiveTop, serviceName } from '@packetlog/common';
import type { PastList, PastTops } from '../../node/messages/past-events.ts';
import { spanText } from '../../text/clock.ts';
import { counted } from '../../text/number.ts';
import { protocolText } from '../../text/row-text.ts';
import type { FilledFields } from '../rules/index.ts';
import { ENTRY_FILTER } from './entry-filter.ts';

export interface RangeEntry {
  readonly key: string;
  readonly label: string;
  /** Shown small and grey after the label; '' if there is none. */
  readonly note: string;
  readonly packets: number;
  readonly bytes: number;
  /** Packets in equal parts of the range, oldest first. */
  readonly series: readonly number[];
  /** Whether the source was first seen in this range. */
  readonly isNew: boolean;
  /** Text of the filter that matches what the entry counts; null if none is short enough. */
  readonly filter: string | null;
  /** What the filter shows, if that is more than what the entry counts. */
  readonly filterShows?: string;
  /** Whether more packets may belong to it: a node does not list it. */
  readonly isAtLeast?: boolean;
  /** What a rule can deny of it; null for nothing. */
  readonly denies: DenyTarget | null;
}

/** What the second button of an entry denies: an address, or what a rule with these fields matches. */
export type DenyTarget =
  | { readonly address: string; readonly text: string }
  | { readonly fields: FilledFields; readonly text: string };

/** What a list of recorded packets does not show. */
export interface RangeTotal {
  /** Packets of all values. */
  readonly packets: number;
  /** All values, also those that are not listed. */
  readonly distinct: number;
  /** Whether values that several nodes have may be counted more than once. */
  readonly isAtMost?: boolean;
}

export const LISTS = ['sources', 'ports', 'pairs', 'interfaces'] as const;
export type ListName = (typeof LISTS)[number];

export interface RangeLists {
  readonly sources: readonly RangeEntry[];
  readonly ports: readonly RangeEntry[];
  readonly pairs: readonly RangeEntry[];
  /** Only of recorded packets. */
  readonly interfaces: readonly RangeEntry[];
  readonly newSources: readonly { readonly addr: string; readonly firstSeenMs: number; readonly packets: number }[];
  /** Exact, from the counters of the rules. */
  readonly rules: HistoryTop['rules'];
  readonly lengthMs: number;
  /** Totals of lists of recorded packets; null for lists of the history in memory. */
  readonly totals: Readonly<Record<ListName, RangeTotal>> | null;
  /** Records whose values were too many to count each; they are in the totals. */
  readonly uncounted: number;
}

const PLAIN = { note: '', isNew: false, series: [], denies: null };

function denyAddress(address: string): DenyTarget {
  return { address, text: address };
}

/** Lists of recorded packets have no `series`; only those of several nodes have `at_least`. */
interface Volume {
  readonly packets: number;
  readonly bytes: number;
  readonly series?: readonly number[];
  readonly at_least?: true;
}

function countsOf({ at_least, ...counts }: Volume) {
  return { ...counts, ...(at_least && { isAtLeast: true }) };
}

function portEntry({ ip_protocol, port, ...volume }: Volume & { ip_protocol: number; port: number }): RangeEntry {
  return {
    ...PLAIN,
    ...countsOf(volume),
    key: `${ip_protocol}/${port}`,
    label: String(port),
    note: portNote(ip_protocol, port),
    filter: ENTRY_FILTER.port(ip_protocol, port),
    denies: denyPort(ip_protocol, port),
  };
}

function denyPort(ip_protocol: number, port: number): DenyTarget {
  const protocol = String(formatIpProtocol(ip_protocol));
  return {
    fields: { source: 'any', protocol, port: String(port) },
    text: `${protocol} port ${port} from any source`,
  };
}

function pairEntry({ src_addr, dst_addr, ...volume }: Volume & { src_addr: string; dst_addr: string }): RangeEntry {
  return {
    ...PLAIN,
    ...countsOf(volume),
    key: `${src_addr} ${dst_addr}`,
    label: `${src_addr} → ${dst_addr}`,
    filter: ENTRY_FILTER.pair(src_addr, dst_addr),
    denies: denyAddress(src_addr),
  };
}

/** Returns the top lists of a range, with names. */
export function rangeLists(top: HistoryTop): RangeLists {
  const newSources = new Set(top.new_sources.map(({ addr }) => addr));
  return {
    sources: top.sources.map(({ addr, ...volume }) => ({
      ...PLAIN,
      ...volume,
      key: addr,
      label: addr,
      isNew: newSources.has(addr),
      filter: ENTRY_FILTER.source(addr),
      denies: denyAddress(addr),
    })),
    ports: top.ports.map(portEntry),
    pairs: top.pairs.map(pairEntry),
    newSources: top.new_sources.map(({ addr, first_seen_ms, packets }) => ({
      addr,
      firstSeenMs: first_seen_ms,
      packets,
    })),
    interfaces: [],
    rules: top.rules,
    lengthMs: top.to_ms - top.from_ms,
    totals: null,
    uncounted: 0,
  };
}

/** Returns the top lists of live sums. Sources are not marked as new: it is not known whether they matched before. */
export function liveLists({ sources, since_ms, ...top }: LiveTop): RangeLists {
  return rangeLists({
    ...top,
    sources: sources.map((source) => ({ ...source, first_seen_ms: since_ms })),
    new_sources: [],
  });
}

function portNote(ip_protocol: number, port: number): string {
  return [protocolText(ip_protocol, 0), serviceName(ip_protocol, port)].filter(Boolean).join(' ');
}

/** Returns the top lists of recorded packets. They have totals, but no trend and no new sources. */
export function recordedLists(top: PastTops, lengthMs: number): RangeLists {
  const { sources, ports, pairs, interfaces, rules } = top;
  const totals = Object.fromEntries(LISTS.map((name) => [name, totalOf(top[name])])) as Record<ListName, RangeTotal>;
  return {
    sources: sources.entries.map(({ addr, ports: reached, ports_at_least, ...volume }) => ({
      ...PLAIN,
      ...countsOf(volume),
      key: addr,
      label: addr,
      note: reached > 1 ? `${ports_at_least ? 'at least ' : ''}${counted(reached, 'port')}` : '',
      filter: ENTRY_FILTER.source(addr),
      denies: denyAddress(addr),
    })),
    ports: ports.entries.map(portEntry),
    pairs: pairs.entries.map(pairEntry),
    interfaces: interfaces.entries.map(({ name, on_node, ...volume }) => ({
      ...PLAIN,
      ...countsOf(volume),
      key: name,
      label: name,
      filter: ENTRY_FILTER.interface(on_node ?? name),
      ...(on_node !== undefined && { filterShows: `packets of ${on_node} on every node` }),
      denies: { fields: { source: 'any', interface: name }, text: `everything on ${name}` },
    })),
    newSources: [],
    rules: rules.entries.map((entry) => ({ ...entry, series: [] })),
    lengthMs,
    totals,
    uncounted: top.coverage.missing.reduce((sum, { kind, count = 0 }) => (kind === 'uncounted' ? sum + count : sum), 0),
  };
}

export function totalOf({ entries, others, distinct, at_most }: PastList<{ readonly packets: number }>): RangeTotal {
  const packets = entries.reduce((sum, entry) => sum + entry.packets, others.packets);
  return { packets, distinct, ...(at_most && { isAtMost: true }) };
}

/**
 * Names the time that the lists cover: 'last 60 s' for the selected range, although lists cover whole steps, or the
 * shorter time that is known.
 */
export function lastText(lengthMs: number, range: { readonly id: string; readonly ms: number }): string {
  if (Math.abs(lengthMs - range.ms) > range.ms / 20) return `last ${spanText(lengthMs)}`;
  return range.id === 'all' ? 'all recorded' : `last ${range.id}`;
}
