/** For tests: recorded traffic with known records, queries over it, and what they must select. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { compileFilter, PACKET_LOG_SIZE, type PacketLog, PacketLogView, parseFilter } from '@packetlog/common';
import { afterEach, beforeEach, vi } from 'vitest';
import { type QueryOptions, query } from '../../src/cli/query/query.ts';
import { WaitingOutput } from '../../src/cli/segments/waiting-output.ts';
import { appendToJournal, segmentName, writeSegment } from '../../src/recorder/format/index.ts';
import { GeneratedTraffic } from './generated-traffic.ts';

/** Time of the first record, ns. */
export const T = 1_700_000_000_000_000_000n;
export const SECOND = 1_000_000_000n;
const SEGMENTS = 6;
export const PER_SEGMENT = 3000;

/** Different weights, interfaces and a few records out of order. */
function changed(records: Uint8Array): Uint8Array {
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let i = 0; i < records.length / PACKET_LOG_SIZE; i++) {
    const at = i * PACKET_LOG_SIZE;
    data.setUint16(at + 50, i % 7 === 0 ? 8 : 1, true);
    data.setUint32(at + 44, 2 + (i % 3), true);
    if (i % 50 === 49) data.setBigUint64(at, data.getBigUint64(at, true) - 200_000_000n, true);
  }
  return records;
}

const traffic = changed(new GeneratedTraffic({ seed: 3, startNs: T }).take(SEGMENTS * PER_SEGMENT));
const view = new PacketLogView(traffic, {
  count: traffic.length / PACKET_LOG_SIZE,
  stride: PACKET_LOG_SIZE,
  recordOffset: 0,
});
/** All records, in the order in which they are in the segments. */
export const all: readonly PacketLog[] = Array.from({ length: view.length }, (_, i) => view.decode(i));
export const times = all.map(({ timestamp_ns }) => timestamp_ns).sort((one, other) => (one < other ? -1 : 1));
/** In the middle of segments, with records before and behind. */
export const FROM = times[4000] as bigint;
export const TO = times[15_500] as bigint;
const RENAMED = times[8000] as bigint;

/** New for each test: the directory, and what was written to standard error. */
export let directory = '';
export let said = '';

/** Call once in each test file: six segments, the last one hot, and a journal in which interfaces change their names. */
export function useRecordedTraffic(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-query-'));
    for (let i = 0; i < SEGMENTS; i++) {
      const part = traffic.subarray(i * PER_SEGMENT * PACKET_LOG_SIZE, (i + 1) * PER_SEGMENT * PACKET_LOG_SIZE);
      if (i === SEGMENTS - 1) writeFileSync(join(directory, segmentName(i + 1, 'hot')), part);
      else writeSegment(directory, i + 1, part, { node: 'n', compression: i % 2 === 0 ? 'zstd' : 'gzip' });
    }
    appendToJournal(directory, { kind: 'start', at_ns: T, node: 'n', version: '1' });
    appendToJournal(directory, { kind: 'interfaces', at_ns: T, names: { 2: 'eth0', 3: 'eth1' } });
    appendToJournal(directory, { kind: 'interfaces', at_ns: RENAMED, names: { 2: 'wan0', 3: 'eth0' } });
    said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      said += line;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true });
  });
}

/** Runs a query, by default from FROM to TO and as JSON, and returns what it printed. */
export async function asked(options: Partial<QueryOptions> & Pick<QueryOptions, 'question'>) {
  const output = new PassThrough();
  const read = text(output);
  const range = { fromNs: FROM, toNs: TO };
  const code = await query(
    { directory, range, filter: undefined, format: 'json', ...options },
    new WaitingOutput(output),
  );
  output.end();
  return { code, text: await read };
}

export const objects = (lines: string) =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string | number>);

/** The name that the interface had at the time of a record. */
export function nameAt({ timestamp_ns, ifindex }: Pick<PacketLog, 'timestamp_ns' | 'ifindex'>): string {
  const names: Record<number, string> = timestamp_ns < RENAMED ? { 2: 'eth0', 3: 'eth1' } : { 2: 'wan0', 3: 'eth0' };
  return names[ifindex] ?? String(ifindex);
}

/** The records that a query selects, found one by one. */
export function selected(filterText: string | undefined, fromNs = FROM, toNs: bigint = TO): PacketLog[] {
  const filter = parseFilter(filterText ?? '');
  const [before, after] = [T, RENAMED].map((timestamp_ns) =>
    compileFilter(filter, {
      indexesOf: (name) => [2, 3, 4].filter((ifindex) => nameAt({ timestamp_ns, ifindex }) === name),
    }),
  );
  return all.filter((record, i) => {
    const matches = record.timestamp_ns < RENAMED ? before : after;
    const isIn = record.timestamp_ns >= fromNs && record.timestamp_ns < toNs;
    return isIn && matches?.(traffic, i * PACKET_LOG_SIZE) === true;
  });
}

export const packetsOf = (records: readonly PacketLog[]) => records.reduce((sum, { weight }) => sum + weight, 0);
export const bytesOf = (records: readonly PacketLog[]) =>
  records.reduce((sum, { weight, length }) => sum + weight * length, 0);
export const FILTERS = [
  undefined,
  'deny',
  'tcp port 443 and not deny',
  'src net 2001:db8::/33 or udp',
  'iface eth0',
  'src 203.0.113.77',
];

/** Changes a byte of a file. */
export function damage(name: string, at: number): void {
  const path = join(directory, name);
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  writeFileSync(path, bytes);
}

/** What a row says of a record's value. */
export const keys: Record<string, (record: PacketLog) => Record<string, string | number>> = {
  source: ({ src_addr }) => ({ src_addr }),
  destination: ({ dst_addr }) => ({ dst_addr }),
  port: ({ dst_port }) => ({ dst_port }),
  'source-port-pair': ({ src_addr, dst_port }) => ({ src_addr, dst_port }),
  iface: (record) => ({ interface: nameAt(record) }),
  rule: ({ rule_id }) => ({ rule_id }),
  action: ({ action }) => ({ action: ['aborted', 'deny', 'permit'][action] as string }),
};

/** The records that have a value of this kind, by that value as JSON. */
export function groupsOf(name: string, records: readonly PacketLog[]): Map<string, PacketLog[]> {
  const groups = new Map<string, PacketLog[]>();
  for (const record of records) {
    if (/port/.test(name) && ![6, 17].includes(record.ip_protocol)) continue;
    const key = JSON.stringify(keys[name]?.(record));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return groups;
}
