/** Runs every frame shape through the compiled program in the kernel. Needs root and Linux 5.18. */
import { type PacketLog, PacketLogView, REASONS } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Counters, FIRST_BUFFER, LOOPBACK_IFINDEX, type LoadedProgram, loadProgram } from '../lab/bpf.ts';
import { concat, EXTENSION, ethernet, extension, ipv4, ipv6, pattern, udp } from '../lab/frame.ts';
import { NativeError } from '../lab/native.ts';
import { requireRoot } from '../lab/root.ts';
import { bareFixtures, fixtures, type ParsedFields } from './fixtures.ts';

const XDP_PASS = 2;
const EINVAL = 22;
/** Not the true offset, so that the test detects a program that ignores it. */
const CLOCK_OFFSET_NS = 1_234_567_890_123_456_789n;
const root = requireRoot();

function decode(records: readonly Uint8Array[]): PacketLog[] {
  return [...new PacketLogView(concat(...records), { count: records.length, stride: 64, recordOffset: 0 })];
}

/** Returns the counters that changed, with the change. */
function difference(before: Counters, after: Counters): Record<string, number> {
  const flat = ({ reasons, ...rest }: Counters) => ({
    ...rest,
    ...Object.fromEntries(reasons.map((n, i) => [`reason ${i}`, n])),
  });
  const old: Record<string, number> = flat(before);
  const changed = Object.entries(flat(after)).map(([name, value]) => [name, value - (old[name] ?? 0)] as const);
  return Object.fromEntries(changed.filter(([, value]) => value !== 0));
}

const ofReason = (reason: number) => (reason === REASONS.none ? {} : { [`reason ${reason}`]: 1 });

describe.skipIf(!root).each(['single', 'frags'] as const)('program for %s buffers', (name) => {
  let program: LoadedProgram;
  beforeAll(() => {
    program = loadProgram({ program: name, clockOffsetNs: CLOCK_OFFSET_NS });
  });
  afterAll(() => program.close());

  function expectRecord(frame: Uint8Array, expected: ParsedFields): void {
    const counters = program.counters();
    const earliest = process.hrtime.bigint();
    const action = program.run(frame);
    const latest = process.hrtime.bigint();
    const [record, ...more] = decode(program.takeRecords());

    expect(action).toBe(XDP_PASS);
    expect(more).toEqual([]);
    const { timestamp_ns, ...fields } = record as PacketLog;
    expect(fields).toEqual({ ...expected, ifindex: LOOPBACK_IFINDEX });
    expect(timestamp_ns).toBeGreaterThanOrEqual(earliest + CLOCK_OFFSET_NS);
    expect(timestamp_ns).toBeLessThanOrEqual(latest + CLOCK_OFFSET_NS);
    const once = { seen: 1, permitted: 1, emitted: 1, bytes: frame.length };
    expect(difference(counters, program.counters())).toEqual({ ...once, ...ofReason(expected.reason) });
  }

  for (const { name: shape, frame, expected } of fixtures) {
    // No driver passes a longer frame to a program without frags; the test run does, cut to the first buffer.
    if (name === 'single' && frame.length > FIRST_BUFFER) continue;
    test(shape, () => {
      if (expected !== 'rejected') return expectRecord(frame, expected);
      const counters = program.counters();
      expect(() => program.run(frame)).toThrow(NativeError);
      expect(() => program.run(frame)).toThrow(expect.objectContaining({ errno: EINVAL }));
      expect(program.takeRecords()).toEqual([]);
      expect(program.counters()).toEqual(counters);
    });
  }

  for (const { name: shape, frame, expected } of bareFixtures) {
    test(`without a link header: ${shape}`, () => {
      if (expected === 'rejected') throw new Error('too short for a test run');
      program.setLink('ip');
      try {
        expectRecord(frame, expected);
      } finally {
        program.setLink('ethernet');
      }
    });
  }

  test('a member of a bond is recorded as the bond', () => {
    program.setLink('member', 77);
    try {
      program.run(ethernet(ipv4({}, udp())));
      expect(decode(program.takeRecords())).toMatchObject([{ ifindex: 77, dst_addr: '192.0.2.2' }]);
    } finally {
      program.setLink('ethernet');
    }
  });

  test('packets of an unwatched interface are recorded and counted separately, and its number is stored', () => {
    const { seen } = program.counters();
    program.setInterfaceSlot(0);
    try {
      expect(program.unwatched()).toEqual({ seen: 0, ifindex: 0 });
      program.run(ethernet(ipv4({}, udp())));
      expect(program.unwatched()).toEqual({ seen: 1, ifindex: LOOPBACK_IFINDEX });
      expect(decode(program.takeRecords())).toMatchObject([{ ifindex: LOOPBACK_IFINDEX }]);
      expect(program.counters().seen).toBe(seen);
    } finally {
      program.setLink('ethernet');
    }
  });

  test('every packet was counted', () => expect(program.unaccounted()).toBe(0));
});

describe.skipIf(!root)('headers beyond the first buffer', () => {
  test('count as truncated: the program reads the first buffer only', () => {
    const long = extension(EXTENSION.destination, extension(EXTENSION.routing, udp(), { units: 255 }), { units: 255 });
    const program = loadProgram({ program: 'frags' });
    try {
      expect(program.run(ethernet(ipv6({}, long)))).toBe(XDP_PASS);
      const [record] = decode(program.takeRecords());
      expect(record).toMatchObject({ reason: REASONS.truncated, ip_protocol: EXTENSION.routing, src_port: 0 });
    } finally {
      program.close();
    }
  });
});

describe.skipIf(!root)('ledger of the program', () => {
  const frame = ethernet(ipv4({}, udp({}, pattern(18))));

  test('a full ring lets the packet pass, loses its record and counts it', () => {
    const program = loadProgram({ program: 'single', ringBytes: 4096 });
    try {
      // 56 records of 72 bytes fit into 4096; the run may change its CPU, so up to two rings fill.
      for (let i = 0; i < 200; i++) expect(program.run(frame)).toBe(XDP_PASS);
      const { seen, permitted, emitted, ring_full } = program.counters();
      expect(seen).toBe(200);
      expect(permitted).toBe(200);
      expect(ring_full).toBeGreaterThanOrEqual(200 - 56 * 2);
      expect(emitted + ring_full).toBe(200);
      expect(program.takeRecords()).toHaveLength(emitted);
      program.run(frame);
      expect(program.takeRecords()).toHaveLength(1);
    } finally {
      program.close();
    }
  });

  test('with recording of permits off, packets pass and are counted as filtered out', () => {
    const program = loadProgram({ program: 'single', logPermits: false });
    try {
      for (let i = 0; i < 10; i++) expect(program.run(frame)).toBe(XDP_PASS);
      expect(program.takeRecords()).toEqual([]);
      expect(program.counters()).toMatchObject({ seen: 10, permitted: 10, emitted: 0, filtered_out: 10, ring_full: 0 });
    } finally {
      program.close();
    }
  });
});
