import { type HistoryTop, type PastTop, serviceName } from '@packetlog/common';
import { spanText } from '../../text/clock.ts';
import { counted } from '../../text/number.ts';
import { protocolText } from '../../text/row-text.ts';
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
  /** Text of the filter that matches what the entry counts. */
  readonly filter: string;
  /** Address that can be denied; null for none. */
  readonly source: string | null;
}

/** What a list of recorded packets does not show. */
export interface RangeTotal {
  /** Packets of all values. */
  readonly packets: number;
  /** All values, also those that are not listed. */
  readonly distinct: number;
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

const PLAIN = { note: '', isNew: false, series: [], source: null };

/** Lists of recorded packets have no `series`. */
interface Volume {
  readonly packets: number;
  readonly bytes: number;
  readonly series?: readonly number[];
}

function portEntry({ ip_protocol, port, ...volume }: Volume & { ip_protocol: number; port: number }): RangeEntry {
  return {
    ...PLAIN,
    ...volume,
    key: `${ip_protocol}/${port}`,
    label: String(port),
    note: portNote(ip_protocol, port),
    filter: ENTRY_FILTER.port(ip_protocol, port),
  };
}

function pairEntry({ src_addr, dst_addr, ...volume }: Volume & { src_addr: string; dst_addr: string }): RangeEntry {
  return {
    ...PLAIN,
    ...volume,
    key: `${src_addr} ${dst_addr}`,
    label: `${src_addr} → ${dst_addr}`,
    filter: ENTRY_FILTER.pair(src_addr, dst_addr),
    source: src_addr,
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
      source: addr,
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

function portNote(ip_protocol: number, port: number): string {
  return [protocolText(ip_protocol, 0), serviceName(ip_protocol, port)].filter(Boolean).join(' ');
}

/** Returns the top lists of recorded packets. They have totals, but no trend and no new sources. */
export function recordedLists(top: PastTop, lengthMs: number): RangeLists {
  const { sources, ports, pairs, interfaces, rules } = top;
  const totals = Object.fromEntries(LISTS.map((name) => [name, totalOf(top[name])])) as Record<ListName, RangeTotal>;
  return {
    sources: sources.entries.map(({ addr, ports: reached, ...volume }) => ({
      ...PLAIN,
      ...volume,
      key: addr,
      label: addr,
      note: reached > 1 ? counted(reached, 'port') : '',
      filter: ENTRY_FILTER.source(addr),
      source: addr,
    })),
    ports: ports.entries.map(portEntry),
    pairs: pairs.entries.map(pairEntry),
    interfaces: interfaces.entries.map(({ name, ...volume }) => ({
      ...PLAIN,
      ...volume,
      key: name,
      label: name,
      filter: ENTRY_FILTER.interface(name),
    })),
    newSources: [],
    rules: rules.entries.map((entry) => ({ ...entry, series: [] })),
    lengthMs,
    totals,
    uncounted: top.coverage.missing.find(({ kind }) => kind === 'uncounted')?.count ?? 0,
  };
}

function totalOf({ entries, others, distinct }: PastTop[ListName]): RangeTotal {
  return { packets: entries.reduce((sum, { packets }) => sum + packets, others.packets), distinct };
}

/**
 * Names the time that the lists cover: 'last 60 s' for the selected range, although lists cover whole steps, or the
 * shorter time that is known.
 */
export function lastText(lengthMs: number, range: { readonly id: string; readonly ms: number }): string {
  return `last ${Math.abs(lengthMs - range.ms) <= range.ms / 20 ? range.id : spanText(lengthMs)}`;
}
