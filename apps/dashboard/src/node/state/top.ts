import type { Summary, Volume } from '@packetlog/common';
import { protocolText } from '../../text/row-text.ts';

/** Summaries per top list: one second alone would flicker at low rates. */
export const TOP_WINDOW = 10;

export interface TopEntry {
  readonly key: string;
  readonly label: string;
  /** Shown small and grey after the label; '' if there is none. */
  readonly note: string;
  readonly packetsPerSecond: number;
  /** Share of all records in the window, 0 to 1. */
  readonly share: number;
}

export interface TopLists {
  readonly sources: readonly TopEntry[];
  readonly protocols: readonly TopEntry[];
  /** Length of the window, s. */
  readonly seconds: number;
}

type Named = Volume & { key: string; label: string; note: string };

const ETHER_TYPE_IPV6 = 0x86dd;

/** Merges the lists of several summaries. An entry missing in one counts as 0 there. */
export function topLists(summaries: readonly Summary[], max: number): TopLists {
  const seconds = summaries.reduce((sum, { interval_ms }) => sum + interval_ms, 0) / 1000;
  const records = summaries.reduce((sum, summary) => sum + summary.records, 0);
  const rank = (pick: (summary: Summary) => Named[]): TopEntry[] => {
    const sums = new Map<string, Named>();
    for (const entry of summaries.flatMap(pick)) {
      const sum = sums.get(entry.key);
      sums.set(
        entry.key,
        sum === undefined ? entry : { ...sum, packets: sum.packets + entry.packets, bytes: sum.bytes + entry.bytes },
      );
    }
    return [...sums.values()]
      .sort((a, b) => b.packets - a.packets || (a.key < b.key ? -1 : 1))
      .slice(0, max)
      .map(({ key, label, note, packets }) => ({
        key,
        label,
        note,
        packetsPerSecond: packets / seconds,
        share: records === 0 ? 0 : Math.min(1, packets / records),
      }));
  };
  return {
    sources: rank(({ top_sources }) =>
      top_sources.map((entry) => ({ ...entry, key: entry.addr, label: entry.addr, note: '' })),
    ),
    protocols: rank(({ by_protocol }) => by_protocol.map(namedProtocol)),
    seconds,
  };
}

function namedProtocol(entry: Summary['by_protocol'][number]): Named {
  return {
    ...entry,
    key: `${entry.ip_protocol}/${entry.ether_type}`,
    label: protocolText(entry.ip_protocol, entry.ether_type),
    note: entry.ip_protocol !== 255 && entry.ether_type === ETHER_TYPE_IPV6 ? 'IPv6' : '',
  };
}
