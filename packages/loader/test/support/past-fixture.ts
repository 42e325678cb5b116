/** For tests: a directory of recorded packets, and the same packets one by one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter, PACKET_LOG_SIZE, type PacketLog, PacketLogView, parseFilter } from '@packetlog/common';
import { appendToJournal, segmentName, writeSegment } from '../../src/recorder/format/index.ts';
import { GeneratedTraffic } from './generated-traffic.ts';

export const T = 1_700_000_000_000_000_000n;
const SEGMENTS = 6;
const PER_SEGMENT = 3000;

/** Segments that have sums by pair: 40 records each differ only in time, weight, length and interface. */
const WITH_FEW_PAIRS = [1, 4];

/** Different weights, interfaces, rules and frames without IP, a few records out of order, and many of the same time. */
function changed(records: Uint8Array): Uint8Array {
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let i = 0; i < records.length / PACKET_LOG_SIZE; i++) {
    const at = i * PACKET_LOG_SIZE;
    data.setUint16(at + 50, i % 7 === 0 ? 8 : 1, true);
    data.setUint32(at + 44, 2 + (i % 3), true);
    if (i % 50 === 49) data.setBigUint64(at, data.getBigUint64(at, true) - 200_000_000n, true);
    else if (i % 20 > 0) data.setBigUint64(at, data.getBigUint64(at - PACKET_LOG_SIZE * (i % 20), true), true);
    if (data.getUint8(at + 62) === 1) data.setUint32(at + 40, 1 + (i % 4), true);
    if (WITH_FEW_PAIRS.includes(Math.floor(i / PER_SEGMENT)) && i % 40 > 0) {
      const alike = at - PACKET_LOG_SIZE * (i % 40);
      records.copyWithin(at + 8, alike + 8, alike + 44);
      records.copyWithin(at + 52, alike + 52, alike + 64);
    }
    if (i % 211 !== 0) continue;
    records.fill(0, at + 8, at + 40);
    data.setUint32(at + 52, 0, true);
    data.setUint16(at + 56, 0x0806, true);
    data.setUint16(at + 60, 255, true);
  }
  return records;
}

const traffic = changed(new GeneratedTraffic({ seed: 3, startNs: T }).take(SEGMENTS * PER_SEGMENT));
const view = new PacketLogView(traffic, {
  count: traffic.length / PACKET_LOG_SIZE,
  stride: PACKET_LOG_SIZE,
  recordOffset: 0,
});
/** In the order of the segments. */
export const ALL: readonly PacketLog[] = Array.from({ length: view.length }, (_, i) => view.decode(i));
export const TIMES = ALL.map(({ timestamp_ns }) => timestamp_ns).sort((one, other) => (one < other ? -1 : 1));
const RENAMED = TIMES[8000] as bigint;

/** The filters of the tests; undefined: all packets. */
export const FILTERS = [undefined, 'deny', 'tcp dst port 443', 'iface eth0', 'udp and not src net 10.0.0.0/8'];

export function nameAt({ timestamp_ns, ifindex }: Pick<PacketLog, 'timestamp_ns' | 'ifindex'>): string {
  const names: Record<number, string> = timestamp_ns < RENAMED ? { 2: 'eth0', 3: 'eth1' } : { 2: 'wan0', 3: 'eth0' };
  return names[ifindex] ?? String(ifindex);
}

/** Writes the packets to a new directory: five sealed segments, and a hot one. Remove it afterwards. */
export function writePast(): string {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-past-'));
  for (let i = 0; i < SEGMENTS; i++) {
    const part = traffic.subarray(i * PER_SEGMENT * PACKET_LOG_SIZE, (i + 1) * PER_SEGMENT * PACKET_LOG_SIZE);
    if (i === SEGMENTS - 1) writeFileSync(join(directory, segmentName(i + 1, 'hot')), part);
    else writeSegment(directory, i + 1, part, { node: 'n', compression: i % 2 === 0 ? 'zstd' : 'gzip' });
  }
  appendToJournal(directory, { kind: 'start', at_ns: T - 10_000_000_000n, node: 'n', version: '1' });
  appendToJournal(directory, { kind: 'interfaces', at_ns: T, names: { 2: 'eth0', 3: 'eth1' } });
  appendToJournal(directory, { kind: 'interfaces', at_ns: RENAMED, names: { 2: 'wan0', 3: 'eth0' } });
  return directory;
}

export function removePast(directory: string): void {
  rmSync(directory, { recursive: true });
}

/** The packets that a question selects, found one by one, in the order of their times. */
export function selectedPackets(filterText: string | undefined, fromNs: bigint, toNs: bigint): PacketLog[] {
  const filter = filterText === undefined ? undefined : parseFilter(filterText);
  const environment = (packet: PacketLog) => ({
    indexesOf: (name: string) => (nameAt(packet) === name ? [packet.ifindex] : []),
  });
  return ALL.map((packet, i) => ({ packet, i }))
    .filter(({ packet: { timestamp_ns } }) => timestamp_ns >= fromNs && timestamp_ns < toNs)
    .filter(
      ({ packet, i }) =>
        filter === undefined || compileFilter(filter, environment(packet))(traffic, i * PACKET_LOG_SIZE),
    )
    .sort((one, other) =>
      one.packet.timestamp_ns === other.packet.timestamp_ns
        ? one.i - other.i
        : one.packet.timestamp_ns < other.packet.timestamp_ns
          ? -1
          : 1,
    )
    .map(({ packet }) => packet);
}
