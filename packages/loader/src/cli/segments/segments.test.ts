import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodePacketLog,
  PACKET_LOG_CSV_HEADER,
  PACKET_LOG_SIZE,
  type PacketLog,
  parseFilter,
} from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { appendToJournal, segmentName, writeSegment } from '../../recorder/format/index.ts';
import { type PrintPastOptions, printPast } from './print-past.ts';
import { printList, printVerification } from './segments-report.ts';

const T = 1_700_000_000_000_000_000n;
const BASE: PacketLog = {
  timestamp_ns: T,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 54,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 2,
  action: 2,
  reason: 0,
};

/** `count` records, one every second from second `from` on; every third is to port 22. */
function records(from: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) {
    const timestamp_ns = T + BigInt(from + i) * 1_000_000_000n;
    const dst_port = (from + i) % 3 === 0 ? 22 : 443;
    encodePacketLog({ ...BASE, timestamp_ns, dst_port }, bytes, i * PACKET_LOG_SIZE);
  }
  return bytes;
}

let directory = '';
let said = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-segments-command-'));
  writeSegment(directory, 1, records(0, 10), { node: 'n', compression: 'zstd' });
  writeSegment(directory, 2, records(10, 10), { node: 'n', compression: 'gzip' });
  writeFileSync(join(directory, segmentName(3, 'hot')), records(20, 5));
  appendToJournal(directory, { kind: 'interfaces', at_ns: T, names: { 2: 'eth0' } });
  appendToJournal(directory, { kind: 'interfaces', at_ns: T + 12_000_000_000n, names: { 2: 'wan0' } });
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

/** Damages one byte in the middle of a file. */
function damage(name: string): void {
  const path = join(directory, name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 2] = (bytes[bytes.length >> 2] as number) ^ 0xff;
  writeFileSync(path, bytes);
}

function collected(print: (write: (text: string) => void) => number): { code: number; text: string } {
  let text = '';
  const code = print((part) => {
    text += part;
  });
  return { code, text: text.replaceAll(`${directory}/`, '') };
}

async function past(options: Partial<PrintPastOptions> = {}): Promise<{ code: number; text: string }> {
  const write = join(directory, 'output');
  const range = { fromNs: undefined, toNs: undefined };
  const code = await printPast({ directory, range, filter: undefined, format: 'ndjson', write, ...options });
  return { code, text: readFileSync(write, 'latin1') };
}

const objects = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('list', () => {
  it('has each segment with its records, times and size', () => {
    const { code, text } = collected((print) => printList(directory, false, print));
    expect(code).toBe(EXIT.ok);
    const [head, first, second, hot, sum] = text.split('\n');
    expect(head).toMatch(/^file +records +first \(UTC\) +last \(UTC\) +bytes +bytes per record$/);
    expect(first).toMatch(
      /^00000001\.native\.zst +10 {2}2023-11-14 22:13:20\.000 {2}2023-11-14 22:13:29\.000 +[\d,]+ /,
    );
    expect(second).toMatch(/^00000002\.native\.gz +10 /);
    expect(hot).toMatch(/^00000003\.hot +5 .* 320 +64\.0$/);
    expect(sum).toMatch(/^3 segments, 25 records, [\d,]+ bytes$/);
  });

  it('has the same as JSON', () => {
    const { text } = collected((print) => printList(directory, true, print));
    expect(objects(text)[2]).toEqual({
      file: '00000003.hot',
      kind: 'hot',
      records: 5,
      first_ns: String(T + 20_000_000_000n),
      last_ns: String(T + 24_000_000_000n),
      bytes: 320,
      bytes_per_record: 64,
      actions: expect.objectContaining({ permit: { records: 5, packets: 5, bytes: 270 } }),
    });
  });
});

describe('verify', () => {
  it('says that every segment is ok', () => {
    const { code, text } = collected((print) => printVerification(directory, print));
    expect(code).toBe(EXIT.ok);
    expect(text).toBe(
      '00000001.native.zst: ok, 10 records\n00000002.native.gz: ok, 10 records\n00000003.hot: ok, 5 records\n' +
        '3 segments, 0 damaged\n',
    );
  });

  it('names what is damaged', () => {
    damage('00000002.native.gz');
    writeFileSync(join(directory, '00000004.native.zst'), 'no segment');
    const { code, text } = collected((print) => printVerification(directory, print));
    expect(code).toBe(EXIT.failed);
    expect(text).toMatch(/^00000002\.native\.gz: \w+ at byte \d+: its checksum is wrong$/m);
    expect(text).toMatch(/^00000004\.native\.zst: index at byte 0: it is no zstd frame$/m);
    expect(text).toMatch(/^4 segments, 2 damaged$/m);
  });
});

describe('cat and export', () => {
  it('print all records in order, with the names that interfaces had then', async () => {
    const { code, text } = await past();
    expect([code, said]).toEqual([EXIT.ok, '']);
    const rows = objects(text);
    expect(rows.map((row) => Number(BigInt(String(row['timestamp_ns'])) - T) / 1e9)).toEqual([...Array(25).keys()]);
    expect(rows.map((row) => row['interface'])).toEqual([...Array(12).fill('eth0'), ...Array(13).fill('wan0')]);
  });

  it('print a range and what a filter matches', async () => {
    const range = { fromNs: T + 2_000_000_000n, toNs: T + 21_000_000_000n };
    const { text } = await past({ range, filter: parseFilter('port 22') });
    const seconds = objects(text).map((row) => Number(BigInt(String(row['timestamp_ns'])) - T) / 1e9);
    expect(seconds).toEqual([3, 6, 9, 12, 15, 18]);
    const eth0 = await past({ filter: parseFilter('iface eth0 and port 22') });
    expect(objects(eth0.text)).toHaveLength(4);
  });

  it('print text as run does, CSV with a header, and a pcapng section for each set of names', async () => {
    expect((await past({ format: 'text' })).text).toMatch(/SRC IP: 192\.0\.2\.1, .* IFACE: eth0, .*ACTION: permit/);
    const csv = (await past({ format: 'csv' })).text.split('\n');
    expect(csv[0]).toBe(PACKET_LOG_CSV_HEADER);
    expect(csv).toHaveLength(27);
    const { text } = await past({ format: 'pcapng' });
    expect(text.split('\x0a\x0d\x0d\x0a')).toHaveLength(3);
    expect(text).toContain('eth0');
    expect(text).toContain('wan0');
  });

  it('skip a damaged segment, name it, and fail at the end', async () => {
    damage('00000002.native.gz');
    const { code, text } = await past();
    expect(code).toBe(EXIT.failed);
    expect(objects(text)).toHaveLength(15);
    expect(said).toMatch(/read segment .*00000002\.native\.gz: \w+ at byte \d+ is damaged: its checksum is wrong\./);
    expect(said).toContain('One segment was skipped.');
  });

  it('say when the output is full', async () => {
    const write = '/dev/full';
    const range = { fromNs: undefined, toNs: undefined };
    const code = await printPast({ directory, range, filter: undefined, format: 'csv', write });
    expect(code).toBe(EXIT.failed);
    expect(said).toMatch(/^packetlog: write to \/dev\/full: ENOSPC/);
  });
});
