import { type HistoryTop, serviceName } from '@packetlog/common';
import { spanText } from '../../text/clock.ts';
import { protocolText } from '../../text/row-text.ts';

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
}

export interface RangeLists {
  readonly sources: readonly RangeEntry[];
  readonly ports: readonly RangeEntry[];
  readonly pairs: readonly RangeEntry[];
  readonly newSources: readonly { readonly addr: string; readonly firstSeenMs: number; readonly packets: number }[];
  /** Exact, from the counters of the rules. */
  readonly rules: HistoryTop['rules'];
  readonly lengthMs: number;
}

/** Returns the top lists of a range, with names. */
export function rangeLists(top: HistoryTop): RangeLists {
  const newSources = new Set(top.new_sources.map(({ addr }) => addr));
  const plain = { note: '', isNew: false };
  return {
    sources: top.sources.map(({ addr, ...volume }) => ({
      ...plain,
      ...volume,
      key: addr,
      label: addr,
      isNew: newSources.has(addr),
    })),
    ports: top.ports.map(({ ip_protocol, port, ...volume }) => ({
      ...plain,
      ...volume,
      key: `${ip_protocol}/${port}`,
      label: String(port),
      note: [protocolText(ip_protocol, 0), serviceName(ip_protocol, port)].filter(Boolean).join(' '),
    })),
    pairs: top.pairs.map(({ src_addr, dst_addr, ...volume }) => ({
      ...plain,
      ...volume,
      key: `${src_addr} ${dst_addr}`,
      label: `${src_addr} → ${dst_addr}`,
    })),
    newSources: top.new_sources.map(({ addr, first_seen_ms, packets }) => ({
      addr,
      firstSeenMs: first_seen_ms,
      packets,
    })),
    rules: top.rules,
    lengthMs: top.to_ms - top.from_ms,
  };
}

/**
 * Names the time that the lists cover: 'last 60 s' for the selected range, although lists cover whole steps, or the
 * shorter time that is known.
 */
export function lastText(lengthMs: number, range: { readonly id: string; readonly ms: number }): string {
  return `last ${Math.abs(lengthMs - range.ms) <= range.ms / 20 ? range.id : spanText(lengthMs)}`;
}
