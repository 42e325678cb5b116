import type { HistoryTop, HopLedger, Interface, Ledger, Summary, Volume } from '@packetlog/common';
import { addCounters } from '../state/add-counters.ts';
import type { Loss } from '../state/loss.ts';

/** The contribution of one node. */
export interface NodePart {
  readonly name: string;
  readonly ledger: Ledger;
  readonly loss: Loss;
  /** Maps an interface number of this node to a number among all nodes. */
  readonly indexOf: (ifindex: number) => number;
}

/** Returns the interface with its node's name in front of its name. */
export function namedInterface<T extends Interface>(entry: T, node: string, indexOf: NodePart['indexOf']): T {
  return { ...entry, name: `${node} ${entry.name}`, ifindex: entry.ifindex === 0 ? 0 : indexOf(entry.ifindex) };
}

/** Adds up ledgers as if one node had all interfaces: identities that hold for each also hold for the sum. */
export function sumLedgers(parts: readonly NodePart[], at_ms: number): Ledger {
  const hop = (pick: (ledger: Ledger) => HopLedger): HopLedger => {
    const sum = (key: keyof HopLedger) => parts.reduce((total, { ledger }) => total + pick(ledger)[key], 0);
    return {
      offered: sum('offered'),
      delivered: sum('delivered'),
      dropped: sum('dropped'),
      withheld: sum('withheld'),
      pending: sum('pending'),
    };
  };
  const reasons: Ledger['reasons'] = {};
  for (const { ledger } of parts) {
    for (const [reason, count] of Object.entries(ledger.reasons) as [keyof Ledger['reasons'], number][]) {
      reasons[reason] = (reasons[reason] ?? 0) + count;
    }
  }
  return {
    at_ms,
    interfaces: parts.flatMap(({ ledger, name, indexOf }) =>
      ledger.interfaces.map((entry) => namedInterface(entry, name, indexOf)),
    ),
    ...sumUnwatched(parts),
    ring: hop(({ ring }) => ring),
    before: parts.reduce((sum, { ledger }) => sum + (ledger.before ?? 0), 0),
    queue: hop(({ queue }) => queue),
    client: {
      ...hop(({ client }) => client),
      // Including losses of earlier connections and of batches that never arrived.
      dropped: parts.reduce((sum, { loss }) => sum + loss.page, 0),
      filtered: parts.reduce((sum, { ledger }) => sum + ledger.client.filtered, 0),
    },
    reasons,
  };
}

/** Returns one entry for all nodes, without an interface number: the loaders name the interfaces in their notices. */
function sumUnwatched(parts: readonly NodePart[]): Pick<Ledger, 'unwatched'> {
  const counters = addCounters(parts.flatMap(({ ledger }) => ledger.unwatched?.counters ?? []));
  return counters === undefined ? {} : { unwatched: { ifindex: 0, counters } };
}

/** Adds up the newest summary of each node, scaled to one second, because nodes count at different moments. */
export function sumSummaries(
  parts: readonly { readonly name: string; readonly summary: Summary }[],
  at_ms: number,
): Summary {
  const amounts = parts.map(({ name, summary }) => {
    const per = (count: number) => Math.round((count * 1000) / summary.interval_ms);
    const volume = ({ packets, bytes }: Volume) => ({ packets: per(packets), bytes: per(bytes) });
    return { name, summary, per, volume };
  });
  const sum = (pick: (summary: Summary) => number) =>
    amounts.reduce((total, { summary, per }) => total + per(pick(summary)), 0);
  const joined = <T extends Volume>(pick: (summary: Summary) => readonly T[], key: (entry: T) => string) =>
    addUp(
      amounts.flatMap(({ summary, volume }) => pick(summary).map((entry) => ({ ...entry, ...volume(entry) }))),
      key,
    );
  return {
    at_ms,
    interval_ms: 1000,
    total: { packets: sum(({ total }) => total.packets), bytes: sum(({ total }) => total.bytes) },
    by_interface: amounts.flatMap(({ name, summary, volume }) =>
      summary.by_interface.map((entry) => ({ name: `${name} ${entry.name}`, ...volume(entry) })),
    ),
    by_action: {
      aborted: sum(({ by_action }) => by_action.aborted),
      deny: sum(({ by_action }) => by_action.deny),
      permit: sum(({ by_action }) => by_action.permit),
    },
    denied_bytes: sum(({ denied_bytes }) => denied_bytes),
    records: sum(({ records }) => records),
    max_weight: Math.max(1, ...parts.map(({ summary }) => summary.max_weight)),
    by_protocol: joined(
      ({ by_protocol }) => by_protocol,
      ({ ip_protocol, ether_type }) => `${ip_protocol}/${ether_type}`,
    ),
    top_sources: joined(
      ({ top_sources }) => top_sources,
      ({ addr }) => addr,
    ),
    top_ports: joined(
      ({ top_ports }) => top_ports,
      ({ ip_protocol, port }) => `${ip_protocol}/${port}`,
    ),
    top_pairs: joined(
      ({ top_pairs }) => top_pairs,
      ({ src_addr, dst_addr }) => `${src_addr} ${dst_addr}`,
    ),
    evicted: sum(({ evicted }) => evicted),
  };
}

/** Merges the top lists of a range. Rules are omitted: rule numbers are per node. */
export function mergeTops(tops: readonly HistoryTop[]): HistoryTop | null {
  const [first] = tops;
  if (first === undefined) return null;
  const joined = <T extends Volume & { series: number[] }>(
    pick: (top: HistoryTop) => readonly T[],
    key: (entry: T) => string,
  ) => addUp(tops.flatMap(pick), key, addSeries);
  const sources = addUp(
    tops.flatMap(({ sources }) => sources),
    ({ addr }) => addr,
    (a, b) => ({ ...addSeries(a, b), first_seen_ms: Math.min(a.first_seen_ms, b.first_seen_ms) }),
  );
  const seenBefore = (addr: string) =>
    tops.some((top) => top.sources.some((source) => source.addr === addr) && !isNew(top, addr));
  const fresh = new Map<string, HistoryTop['new_sources'][number]>();
  for (const entry of tops.flatMap(({ new_sources }) => new_sources)) {
    const other = fresh.get(entry.addr);
    if (seenBefore(entry.addr)) continue;
    fresh.set(entry.addr, {
      addr: entry.addr,
      first_seen_ms: Math.min(entry.first_seen_ms, other?.first_seen_ms ?? entry.first_seen_ms),
      packets: entry.packets + (other?.packets ?? 0),
    });
  }
  return {
    from_ms: Math.min(...tops.map(({ from_ms }) => from_ms)),
    to_ms: Math.max(...tops.map(({ to_ms }) => to_ms)),
    series_step_ms: first.series_step_ms,
    sources,
    ports: joined(
      ({ ports }) => ports,
      ({ ip_protocol, port }) => `${ip_protocol}/${port}`,
    ),
    pairs: joined(
      ({ pairs }) => pairs,
      ({ src_addr, dst_addr }) => `${src_addr} ${dst_addr}`,
    ),
    rules: [],
    new_sources: [...fresh.values()].sort((a, b) => b.first_seen_ms - a.first_seen_ms),
  };
}

function isNew({ new_sources }: HistoryTop, addr: string): boolean {
  return new_sources.some((entry) => entry.addr === addr);
}

/** Adds up entries with the same key, most packets first. */
function addUp<T extends Volume>(
  entries: readonly T[],
  key: (entry: T) => string,
  join: (a: T, b: T) => T = (a) => a,
): T[] {
  const sums = new Map<string, T>();
  for (const entry of entries) {
    const sum = sums.get(key(entry));
    const packets = (sum?.packets ?? 0) + entry.packets;
    const bytes = (sum?.bytes ?? 0) + entry.bytes;
    sums.set(key(entry), sum === undefined ? entry : { ...join(sum, entry), packets, bytes });
  }
  return [...sums.values()].sort((a, b) => b.packets - a.packets);
}

/** Adds up two series that end at the same time; the shorter one counts as 0 before it begins. */
function addSeries<T extends { series: number[] }>(a: T, b: T): T {
  const length = Math.max(a.series.length, b.series.length);
  const at = (series: readonly number[], i: number) => series[series.length - length + i] ?? 0;
  return { ...a, series: Array.from({ length }, (_, i) => at(a.series, i) + at(b.series, i)) };
}
