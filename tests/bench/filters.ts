/** Measures the cost of a filter per record: over records, over columns, and of the same test written by hand. */
import {
  columnsOf,
  compileColumnFilter,
  compileFilter,
  encodePacketLog,
  PACKET_LOG_SIZE,
  parseFilter,
  type RecordPredicate,
} from '@packetlog/common';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

const ROUNDS = 60;
const RECORDS = 8192;
/** Of the columns: those of a segment's block. */
const BLOCK = 65_536;

const TYPICAL = 'src net 203.0.113.0/24 and tcp dst port 443 and not deny';
const FILTERS = [
  TYPICAL,
  'deny',
  'tcp dst port 443',
  'port 80 or 443',
  'host 203.0.113.7',
  'flags = syn and not src net 10/8',
  'would_deny or reason malformed',
  'tcp port (22 or 80 or 443 or 8080 or 8443)',
  'iface eth0 and udp',
  'net 10/8 or 172.16/12 or 192.168/16',
  'src 2001:db8::/32',
  Array.from({ length: 100 }, (_, i) => `src 10.0.0.${i}`).join(' or '),
];
const BY_HAND = 'by hand: the first one';

/** Records of many kinds in random order, so that no branch can be predicted: in real traffic a filter costs less. */
function records(count: number): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
  for (let i = 0; i < count; i++) {
    const record = {
      timestamp_ns: BigInt(i),
      src_addr: random(4) > 0 ? `203.0.113.${random(256)}` : '198.51.100.1',
      dst_addr: `192.0.2.${random(256)}`,
      rule_id: 0,
      ifindex: 2,
      length: 60 + random(1400),
      weight: 1,
      src_port: 1024 + random(60_000),
      dst_port: [22, 53, 80, 443][random(4)] ?? 0,
      ether_type: 0x0800,
      vlan_id: 0,
      ip_protocol: random(3) > 0 ? 6 : 17,
      tcp_flags: random(2) > 0 ? 0x02 : 0x10,
      action: random(5) > 0 ? 2 : 1,
      reason: 0,
    };
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  }
  return bytes;
}

/** The fastest version: no calls, no variables. */
const byHand: RecordPredicate = (bytes, at) =>
  bytes[at + 62] !== 1 &&
  bytes[at + 60] === 6 &&
  ((bytes[at + 54] as number) | ((bytes[at + 55] as number) << 8)) === 443 &&
  bytes[at + 56] === 0 &&
  bytes[at + 57] === 8 &&
  bytes[at + 20] === 203 &&
  bytes[at + 21] === 0 &&
  bytes[at + 22] === 113;

function matching(matches: RecordPredicate, bytes: Uint8Array): number {
  // Outside the loop: vitest turns an import into a lookup.
  const size = PACKET_LOG_SIZE;
  let found = 0;
  for (let at = 0; at < bytes.length; at += size) if (matches(bytes, at)) found++;
  return found;
}

export async function compareFilters(_: Peers, report: Report): Promise<void> {
  overRecords(report);
  overColumns(report);
}

function overRecords(report: Report): void {
  const bytes = records(RECORDS);
  const predicates = new Map<string, RecordPredicate>([[BY_HAND, byHand]]);
  for (const filter of FILTERS) {
    predicates.set(filter, compileFilter(parseFilter(filter), { indexesOf: () => [2] }));
  }
  if (matching(byHand, bytes) !== matching(predicates.get(TYPICAL) as RecordPredicate, bytes)) {
    throw new Error('the two filters that are compared do not match the same records');
  }
  const nanoseconds = new Rounds();
  for (let round = -10; round < ROUNDS; round++) {
    for (const [name, matches] of predicates) {
      const start = performance.now();
      matching(matches, bytes);
      // The first rounds warm up.
      if (round >= 0) nanoseconds.add(name, ((performance.now() - start) * 1e6) / RECORDS);
    }
  }
  say(`\nFilters over records, ns per record (medians of ${ROUNDS} rounds over ${text(RECORDS)} records)`);
  tell(report, 'filters_ns', nanoseconds, [...predicates.keys()]);
  report.ratio('filter_vs_by_hand', ratios(nanoseconds.of(TYPICAL), nanoseconds.of(BY_HAND)));
}

/** One block whose columns are in memory, as after decompression. */
function overColumns(report: Report): void {
  const bytes = records(BLOCK);
  const columns = columnsOf(bytes);
  const filters = new Map(
    FILTERS.map((filter) => [filter, compileColumnFilter(parseFilter(filter), { indexesOf: () => [2] })]),
  );
  const nanoseconds = new Rounds();
  for (let round = -10; round < ROUNDS; round++) {
    for (const [name, filter] of filters) {
      const start = performance.now();
      const { count } = filter.match(columns);
      if (round >= 0) nanoseconds.add(name, ((performance.now() - start) * 1e6) / BLOCK);
      if (round === 0 && count !== matching(compileFilter(parseFilter(name), { indexesOf: () => [2] }), bytes)) {
        throw new Error(`${name} does not match the same records over columns`);
      }
    }
  }
  say(`\nFilters over columns, ns per record (medians of ${ROUNDS} rounds over ${text(BLOCK)} records)`);
  tell(report, 'column_filters_ns', nanoseconds, FILTERS);
}

function tell(report: Report, section: string, nanoseconds: Rounds, names: readonly string[]): void {
  const short = (name: string) => (name.length > 60 ? `${name.slice(0, 59)}…` : name);
  table(
    ['', 'median', 'least'],
    names.map((name) => [short(name), text(nanoseconds.median(name)), text(nanoseconds.spread(name).min)]),
  );
  report.section(section, Object.fromEntries(names.map((name) => [short(name), nanoseconds.spread(name)])));
}
