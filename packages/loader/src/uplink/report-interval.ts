/** Sums what a report covers: from one report to the next. */
import type { Summary } from '@packetlog/common';
import type { NodeReport } from '@packetlog/common/fleet';
import type { DrainLedger } from '../ipc/messages.ts';

const MAX_TOPS = 10;
/** Of each kind; the smallest are forgotten where there are more. */
const MAX_KEYS = 1000;

type Totals = NodeReport['ledger'];
type Volume = { packets: number; bytes: number };
export type IntervalCounts = Pick<
  NodeReport,
  'interval_ms' | 'packets' | 'bytes' | 'denied' | 'top_sources' | 'top_ports'
>;

/** Sums over all interfaces since the loader started, exact. */
export function totalsOf({ interfaces, unwatched }: Pick<DrainLedger, 'interfaces' | 'unwatched'>): Totals {
  const all = [...interfaces.map(({ counters }) => counters), ...(unwatched === undefined ? [] : [unwatched.counters])];
  const sum = (field: keyof (typeof all)[number]) => all.reduce((total, each) => total + each[field], 0);
  return {
    seen: sum('seen'),
    permitted: sum('permitted'),
    denied: sum('denied'),
    aborted: sum('aborted'),
    sampled_out: sum('sampled_out'),
    filtered_out: sum('filtered_out'),
    ring_full: sum('ring_full'),
  };
}

export class ReportInterval {
  readonly #sources = new Map<string, Volume & { addr: string }>();
  readonly #ports = new Map<string, Volume & { ip_protocol: number; port: number }>();
  #startMs: number;
  #packets = 0;
  #bytes = 0;
  #denied = 0;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
  }

  add({ total, by_action, top_sources, top_ports }: Summary): void {
    this.#packets += total.packets;
    this.#bytes += total.bytes;
    this.#denied += by_action.deny ?? 0;
    for (const { addr, ...volume } of top_sources) addTo(this.#sources, addr, { addr, ...volume });
    for (const { ip_protocol, port, ...volume } of top_ports) {
      addTo(this.#ports, `${ip_protocol} ${port}`, { ip_protocol, port, ...volume });
    }
  }

  /** Returns the sums, and begins the next interval. */
  take(nowMs: number): IntervalCounts {
    const counts = {
      // A clock that was set back makes it no negative time.
      interval_ms: Math.max(1, nowMs - this.#startMs),
      packets: this.#packets,
      bytes: this.#bytes,
      denied: this.#denied,
      top_sources: largest(this.#sources, MAX_TOPS),
      top_ports: largest(this.#ports, MAX_TOPS),
    };
    this.#sources.clear();
    this.#ports.clear();
    this.#startMs = nowMs;
    this.#packets = 0;
    this.#bytes = 0;
    this.#denied = 0;
    return counts;
  }
}

function addTo<Entry extends Volume>(entries: Map<string, Entry>, key: string, entry: Entry): void {
  const known = entries.get(key);
  if (known !== undefined) {
    known.packets += entry.packets;
    known.bytes += entry.bytes;
    return;
  }
  if (entries.size >= MAX_KEYS) forgetSmallest(entries);
  entries.set(key, entry);
}

function forgetSmallest<Entry extends Volume>(entries: Map<string, Entry>): void {
  const kept = [...entries].sort(([, a], [, b]) => b.packets - a.packets).slice(0, MAX_KEYS / 2);
  entries.clear();
  for (const [key, entry] of kept) entries.set(key, entry);
}

function largest<Entry extends Volume>(entries: ReadonlyMap<string, Entry>, count: number): Entry[] {
  return [...entries.values()].sort((a, b) => b.packets - a.packets).slice(0, count);
}
