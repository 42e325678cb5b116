import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeIndex,
  encodePacketLog,
  MAX_INDEX_BYTES,
  PACKET_LOG_SIZE,
  type PacketLog,
  PacketLogView,
} from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { makeRecorderCounts, RecorderCounts } from '../../ipc/recorder-counts.ts';
import {
  listSegments,
  openSegment,
  readJournal,
  segmentName,
  verifySegment,
  writeSegment,
} from '../../recorder/format/index.ts';
import { SegmentRecorder } from '../../recorder/writer/segment-recorder.ts';
import { type ForgetOptions, runForget } from './run-forget.ts';

const T = 1_700_000_000_000_000_000n;
const [IPV4, IPV6] = [0x0800, 0x86dd];
/** In turn: source, destination, EtherType. */
const PAIRS = [
  ['192.0.2.7', '198.51.100.2', IPV4],
  ['198.51.100.2', '192.0.2.7', IPV4],
  ['192.0.2.8', '198.51.100.2', IPV4],
  ['2001:db8::7', '2001:db8::2', IPV6],
  ['::ffff:192.0.2.7', '2001:db8::2', IPV6],
  ['::', '::', 0x0806],
] as const;
const PER_SEGMENT = 60;

function records(from: number, count = PER_SEGMENT): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) {
    const [src_addr, dst_addr, ether_type] = PAIRS[(from + i) % PAIRS.length] as (typeof PAIRS)[number];
    const isIp = ether_type !== 0x0806;
    const record: PacketLog = {
      timestamp_ns: T + BigInt(from + i) * 1_000_000_000n,
      src_addr: src_addr.replace('::ffff:', ''),
      dst_addr,
      rule_id: from + i,
      ifindex: 2,
      length: 60,
      weight: 1,
      src_port: 1000,
      dst_port: 443,
      ether_type,
      vlan_id: 0,
      ip_protocol: isIp ? 6 : 255,
      tcp_flags: isIp ? 2 : 0,
      action: 2,
      reason: isIp ? 0 : 1,
    };
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  }
  return bytes;
}

let directory = '';
let said = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-forget-'));
  writeSegment(directory, 1, records(0), { node: 'n', compression: 'zstd' });
  writeSegment(directory, 2, records(PER_SEGMENT), { node: 'n', compression: 'gzip' });
  writeFileSync(join(directory, segmentName(3, 'hot')), records(2 * PER_SEGMENT));
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

async function forget(network: string, more: Partial<ForgetOptions> = {}): Promise<{ code: number; printed: string }> {
  let printed = '';
  const options = { directory, network, confirm: async () => true, watchMs: 0, ...more };
  const code = await runForget(options, (line) => {
    printed += line;
  });
  return { code, printed: printed.replaceAll(directory, 'DIR') };
}

/** The numbers of the records that are left, which are their rule ids. */
function left(): number[] {
  return listSegments(directory).flatMap((file) => {
    using segment = openSegment(file);
    if (segment === undefined) return [];
    expect(verifySegment(segment)).toEqual([]);
    const bytes = new Uint8Array(segment.records());
    const count = bytes.length / PACKET_LOG_SIZE;
    const view = new PacketLogView(bytes, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
    const numbers = Array.from({ length: count }, (_, i) => view.ruleId(i));
    for (const [i, number] of numbers.entries()) {
      const at = i * PACKET_LOG_SIZE;
      expect(bytes.slice(at, at + PACKET_LOG_SIZE)).toEqual(new Uint8Array(records(number, 1)));
    }
    return numbers;
  });
}

const without = (...kinds: number[]) =>
  [...Array(3 * PER_SEGMENT).keys()].filter((number) => !kinds.includes(number % PAIRS.length));
const contents = () => readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'latin1')]);

describe('packetlog forget', () => {
  it.each([
    ['192.0.2.7', [0, 1, 4]],
    ['::ffff:192.0.2.7', [0, 1, 4]],
    ['192.0.2.0/24', [0, 1, 2, 4]],
    ['2001:db8::/32', [3, 4]],
    ['2001:db8::7', [3]],
  ])('removes the records from and to %s, and no others', async (network, kinds) => {
    const { code, printed } = await forget(network);
    const removed = (kinds.length * 3 * PER_SEGMENT) / PAIRS.length;
    expect([code, printed]).toEqual([EXIT.ok, `Removed ${removed} records in 3 files of DIR.`]);
    expect(left()).toEqual(without(...kinds));
    expect(listSegments(directory).map(({ kind }) => kind)).toEqual(['zstd', 'gzip', 'zstd']);
  });

  it('notes in the journal what was removed, without the address', async () => {
    await forget('192.0.2.7');
    const { entries, unreadable } = readJournal(directory);
    expect(unreadable).toBe(0);
    const last = T + 58_000_000_000n;
    expect(entries[0]).toMatchObject({
      kind: 'forgotten',
      file: '00000001.native.zst',
      from_ns: T,
      to_ns: last,
      records: 30,
    });
    expect(entries).toHaveLength(3);
    expect(readFileSync(join(directory, 'journal.ndjson'), 'utf8')).not.toContain('192.0.2');
  });

  it('deletes a file without other records, and remains of a crash', async () => {
    const only = records(0, 1);
    writeSegment(directory, 4, only, { node: 'n', compression: 'gzip' });
    writeFileSync(join(directory, segmentName(4, 'hot')), only);
    copyFileSync(join(directory, '00000004.native.gz'), join(directory, '00000005.native.gz.tmp'));
    await forget('192.0.2.7');
    const names = ['00000001.native.zst', '00000002.native.gz', '00000003.native.zst', 'journal.ndjson'];
    const isSums = (name: string) => name.endsWith('.rates');
    expect(readdirSync(directory).filter((name) => !isSums(name))).toEqual(names);
    expect(readdirSync(directory).filter(isSums)).toEqual(['00000001.rates', '00000002.rates', '00000003.rates']);
    expect(left()).toEqual(without(0, 1, 4));
  });

  it('changes nothing when there is no such record, or the question is answered with no', async () => {
    const before = contents();
    expect(await forget('203.0.113.1')).toEqual({
      code: EXIT.ok,
      printed: 'No record in DIR is from or to 203.0.113.1.',
    });
    expect((await forget('192.0.2.7', { confirm: async () => false })).code).toBe(EXIT.failed);
    expect(said).toMatch(/^90 records in 3 files of .* are from or to 192\.0\.2\.7\.\nNothing was removed\.\n$/);
    expect(contents()).toEqual(before);
  });

  it('names a damaged segment, and removes the records from the others', async () => {
    const path = join(directory, '00000002.native.gz');
    const bytes = readFileSync(path);
    const { frames } = decodeIndex(bytes.subarray(-MAX_INDEX_BYTES), bytes.length);
    const at = frames.find(({ column }) => column === 'src_addr')?.offset ?? 0;
    writeFileSync(path, bytes.fill(0xaa, at + 20, at + 24));
    expect((await forget('192.0.2.7')).code).toBe(EXIT.failed);
    expect(said).toMatch(/read segment .*00000002\.native\.gz: src_addr at byte \d+ is damaged/);
    expect(said).toContain('1 damaged segment could not be searched and may contain the address.');
    rmSync(path);
    expect(left()).toEqual(without(0, 1, 4).filter((number) => Math.floor(number / PER_SEGMENT) !== 1));
  });

  it('keeps the permissions of files', async () => {
    await forget('192.0.2.7');
    for (const { path } of listSegments(directory)) expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

/** A recorder in this directory; its clock goes on with each tick. */
function recorder(before = 0): { it: SegmentRecorder; tick: () => void } {
  let ms = Date.now();
  const it = new SegmentRecorder(
    {
      directory,
      maxBytes: 2 ** 30,
      maxAgeMs: undefined,
      permitsPerSecond: Number.POSITIVE_INFINITY,
      anonymize: false,
      node: 'n',
    },
    new RecorderCounts(makeRecorderCounts()),
    { bootId: 'boot', rings: 7, before },
    { now: () => ms, monotonic: () => ms, changed: () => {}, sealed: () => {}, version: '1' },
  );
  const tick = () => {
    ms += 1000;
    it.tick();
  };
  return { it, tick };
}

describe('packetlog forget beside a recorder', () => {
  it('is rejected while it records, and changes nothing', async () => {
    const { it: running, tick } = recorder();
    const timer = setInterval(tick, 50);
    const before = listSegments(directory).map(({ path, bytes }) => [path, bytes]);
    await expect(forget('192.0.2.7', { watchMs: 20_000 })).rejects.toThrow(
      expect.objectContaining({
        exitCode: EXIT.busy,
        message: expect.stringContaining('packetlog records in this directory. Stop it (systemctl stop packetlog)'),
      }),
    );
    clearInterval(timer);
    running.close();
    expect(listSegments(directory).map(({ path, bytes }) => [path, bytes])).toEqual(before);
  });

  it('stops when one starts while the question is open', async () => {
    let running: SegmentRecorder | undefined;
    const confirm = async () => {
      running = recorder().it;
      return true;
    };
    recorder().it.close();
    await expect(forget('192.0.2.7', { confirm })).rejects.toThrow('packetlog records in this directory');
    running?.close();
    expect(left()).toEqual(without());
  });

  it('lets the next one find its place: what was removed is not a gap', async () => {
    const bytes = records(3 * PER_SEGMENT);
    const killed = recorder();
    killed.it.append(bytes.slice(), PER_SEGMENT);
    const progress = readFileSync(join(directory, 'progress.json'));
    killed.it.append(bytes.slice(), PER_SEGMENT);
    // Killed between the write of records and the note of it.
    writeFileSync(join(directory, 'progress.json'), progress);
    expect((await forget('192.0.2.7')).code).toBe(EXIT.ok);
    expect(existsSync(join(directory, segmentName(3, 'hot')))).toBe(false);
    const next = recorder(2 * PER_SEGMENT);
    next.it.append(records(0), PER_SEGMENT);
    next.it.close();
    expect(readJournal(directory).entries.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(left()).toHaveLength(without(0, 1, 4).length + PER_SEGMENT + PER_SEGMENT);
  });
});
