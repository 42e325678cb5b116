import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ACTIONS,
  encodePacketLog,
  PACKET_LOG_SIZE,
  type PacketLog,
  portsRead,
  type Rule,
  ruleDraftSchema,
} from '@packetlog/common';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nearRecord } from '../../../common/test/support/filter.arbitrary.ts';
import type { TimeRange } from '../past/reading/time-range.ts';
import {
  appendToJournal,
  InterfaceHistory,
  listSegments,
  openSegment,
  readJournal,
  segmentName,
  writeSegment,
} from '../recorder/format/index.ts';
import { compileJob } from '../rules/compiler/worker/jobs.ts';
import { recordFacts } from '../rules/evaluator/record-facts.ts';
import { RuleImage } from '../rules/evaluator/rule-image.ts';
import { addRules } from '../rules/ruleset/changes.ts';
import { EMPTY_RULESET, type Ruleset } from '../rules/ruleset/ruleset.ts';
import { PastDryRun } from './past-dry-run.ts';

const T = 1_700_000_000_000_000_000n;
/** Interfaces by ifindex: their names change at record time T + 50. */
const NAMES = [
  { atNs: T, names: { 2: 'eth0', 3: 'eth1' } },
  { atNs: T + 50n, names: { 2: 'eth1', 4: 'eth0' } },
] as const;
const SLOTS = new Map([
  ['eth0', 1],
  ['eth1', 2],
  ['gone', 3],
]);
const TCP = 6;
const SYN_RST_ACK = 0x16;
const ACK = 0x10;

const action = fc.constantFrom('permit', 'deny', 'deny', 'observe');
const source = fc.constantFrom(
  ...['any', '192.0.2.1', '192.0.2.0/24', '192.0.0.0/16', '0.0.0.0/0', '0.0.0.0'],
  ...['2001:db8::/32', '2001:db8::1', '::/0', '::/128'],
);
const service = fc.oneof(
  fc.constant({}),
  fc.record({ protocol: fc.constantFrom('tcp', 'udp', 'icmp', 47, 255) }),
  fc.record({ destination_port: fc.constantFrom(22, '0-53', '443-65535', 0) }),
  fc.record({ protocol: fc.constant('tcp'), destination_port: fc.constantFrom(22, 443) }),
);
const condition = fc.oneof(
  fc.constant({}),
  fc.constant({}),
  fc.constantFrom('syn', 'syn,!ack', 'none', '!fin').map((tcp_flags) => ({ protocol: 'tcp', tcp_flags })),
  fc.record({ destination: fc.constantFrom('192.0.2.2', '192.0.2.0/24', '0.0.0.0/0', '::/0', '2001:db8::/32') }),
  fc.record({ length: fc.constantFrom(60, '0-60', '61-65535') }),
  fc.constant({ fragment: true }),
);
const draft = fc
  .tuple(fc.record({ action, source }), service, fc.option(fc.constantFrom(...SLOTS.keys())), condition)
  .map(([rule, match, name, more]) => ({ ...rule, ...match, ...(name !== null && { interface: name }), ...more }));
const rulesets = fc
  .tuple(fc.array(draft, { maxLength: 6 }), fc.constantFrom('permit' as const, 'permit' as const, 'deny' as const))
  .map(([drafts, defaultPolicy]): Ruleset => {
    const rules = drafts.map((each) => ruleDraftSchema.parse(each));
    return { ...addRules(EMPTY_RULESET, rules, { nowMs: 0, createdBy: 'test' }).ruleset, defaultPolicy };
  });
const time = fc.bigInt(0n, 100n).map((offset) => T + offset);
const records = fc.array(
  fc.tuple(nearRecord, time).map(([record, timestamp_ns]) => ({ ...record, timestamp_ns })),
  { minLength: 1, maxLength: 60 },
);
const range: fc.Arbitrary<TimeRange> = fc.record({
  fromNs: fc.option(time, { nil: undefined }),
  toNs: fc.option(time, { nil: undefined }),
});

interface Sum {
  packets: number;
  bytes: number;
}
interface Expected {
  records: number;
  packets: number;
  denied: Sum;
  newly: Sum;
  observed: Sum;
  rules: Map<number, number>;
  sources: Map<string, { all: number; newly: number; established: number }>;
  ports: Map<string, { all: number; newly: number }>;
}

/** Evaluates one record after the other. */
function reference(many: readonly PacketLog[], image: RuleImage, { fromNs = 0n, toNs }: TimeRange): Expected {
  const sum = (): Sum => ({ packets: 0, bytes: 0 });
  const found: Expected = {
    ...{ records: 0, packets: 0, denied: sum(), newly: sum(), observed: sum() },
    ...{ rules: new Map(), sources: new Map(), ports: new Map() },
  };
  const isInRange = ({ timestamp_ns: at }: PacketLog) => at >= fromNs && (toNs === undefined || at < toNs);
  for (const record of many.filter(isInRange)) {
    const { timestamp_ns: at, weight, length, ip_protocol } = record;
    found.records++;
    found.packets += weight;
    const names = Object.entries((at < T + 50n ? NAMES[0] : NAMES[1]).names);
    const slots = new Map(names.map(([ifindex, name]) => [Number(ifindex), SLOTS.get(name) ?? 0]));
    const verdict = image.verdict(recordFacts(encodePacketLog(record), 0, slots), 0n);
    const add = (to: Sum) => {
      to.packets += weight;
      to.bytes += weight * length;
    };
    if (verdict.by === 'rule') found.rules.set(verdict.ruleId, (found.rules.get(verdict.ruleId) ?? 0) + weight);
    if (verdict.action === 'observe') add(found.observed);
    if (verdict.action !== 'deny') continue;
    const isNew = record.action !== ACTIONS.deny;
    const newly = isNew ? weight : 0;
    add(found.denied);
    if (isNew) add(found.newly);
    const of = found.sources.get(record.src_addr) ?? { all: 0, newly: 0, established: 0 };
    const established = of.established + (looksOpen(record) ? weight : 0);
    found.sources.set(record.src_addr, { all: of.all + weight, newly: of.newly + newly, established });
    const key = `${ip_protocol} ${portsRead(record) ? record.dst_port : 0}`;
    const port = found.ports.get(key) ?? { all: 0, newly: 0 };
    found.ports.set(key, { all: port.all + weight, newly: port.newly + newly });
  }
  return found;
}

function looksOpen({ ip_protocol, action: verdict, tcp_flags }: PacketLog): boolean {
  return ip_protocol === TCP && verdict === ACTIONS.permit && (tcp_flags & SYN_RST_ACK) === ACK;
}

function imageOf({ rules, defaultPolicy }: Ruleset): SharedArrayBuffer {
  return compileJob({
    ...{ rules, defaultPolicy, sets: new Map(), interfaceSlots: SLOTS },
    counters: { limit: 64, previous: new Map() },
  }).image;
}

function encoded(many: readonly PacketLog[]): Uint8Array {
  const bytes = new Uint8Array(many.length * PACKET_LOG_SIZE);
  many.forEach((record, i) => {
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  });
  return bytes;
}

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-past-dry-run-'));
  for (const { atNs, names } of NAMES) appendToJournal(directory, { kind: 'interfaces', at_ns: atNs, names });
});
afterEach(() => rmSync(directory, { recursive: true }));

function evaluate(ruleset: Ruleset, where: TimeRange): PastDryRun {
  const history = new InterfaceHistory(readJournal(directory).entries);
  const dryRun = new PastDryRun({ image: imageOf(ruleset), rules: ruleset.rules, slots: SLOTS, range: where, history });
  for (const file of listSegments(directory)) {
    using segment = openSegment(file);
    if (segment) dryRun.add(segment);
  }
  return dryRun;
}

/** Writes the records as a sealed and a hot segment. */
function write(many: readonly PacketLog[]): void {
  const half = Math.ceil(many.length / 2);
  writeSegment(directory, 1, encoded(many.slice(0, half)), { node: 'n', compression: 'zstd' });
  writeFileSync(join(directory, segmentName(2, 'hot')), encoded(many.slice(half)));
}

describe('a dry run over recorded packets', () => {
  it('counts what an evaluation of each single record counts', () => {
    const property = fc.property(rulesets, records, range, (ruleset, many, where) => {
      write(many);
      const dryRun = evaluate(ruleset, where);
      const { sums, evaluated } = dryRun;
      const expected = reference(many, new RuleImage(new Uint8Array(imageOf(ruleset))), where);
      expect([evaluated.records, evaluated.packets]).toEqual([expected.records, expected.packets]);
      expect(sums?.denied).toEqual(expected.denied);
      expect(sums?.newlyDenied).toMatchObject(expected.newly);
      expect(sums?.observed).toEqual(expected.observed);
      const rules = [...(sums?.byRule() ?? [])].map(([id, { packets }]) => [id, packets]);
      expect(new Map(rules as [number, number][])).toEqual(expected.rules);
      const sources = (sums?.sources.largest(100) ?? []).map(({ addr, all, newly, established }) => [
        addr,
        { all: all.packets, newly: newly.packets, established },
      ]);
      const wanted = [...expected.sources].filter(([, { all }]) => all > 0);
      expect(Object.fromEntries(sources)).toEqual(Object.fromEntries(wanted));
      expect(sums?.sources.newSources).toBe(wanted.filter(([, { newly }]) => newly > 0).length);
      const ports = sums
        ?.byPort()
        .map(({ ip_protocol, port, all, newly }) => [
          `${ip_protocol} ${port}`,
          { all: all.packets, newly: newly.packets },
        ]);
      expect(Object.fromEntries(ports ?? [])).toEqual(Object.fromEntries(expected.ports));
    });
    fc.assert(property, { numRuns: 400 });
  });

  it('gives one example for each source, with the interface name of the time', () => {
    const [some] = fc.sample(nearRecord, { numRuns: 1, seed: 1 }) as [PacketLog];
    const packet = {
      ...some,
      ifindex: 2,
      ether_type: 0x0800,
      ip_protocol: TCP,
      reason: 0,
      action: ACTIONS.permit,
      weight: 1,
    };
    write([
      { ...packet, timestamp_ns: T + 1n, src_addr: '192.0.2.1' },
      { ...packet, timestamp_ns: T + 2n, src_addr: '192.0.2.1' },
      { ...packet, timestamp_ns: T + 60n, src_addr: '192.0.2.2' },
      { ...packet, timestamp_ns: T + 61n, src_addr: '192.0.2.3', action: ACTIONS.deny },
    ]);
    const rules = [ruleDraftSchema.parse({ action: 'deny', source: '192.0.2.0/24' })];
    const { ruleset } = addRules(EMPTY_RULESET, rules, { nowMs: 0, createdBy: 'test' });
    const { examples, sums } = evaluate(ruleset, { fromNs: undefined, toNs: undefined });
    expect(examples.map(({ interfaceName }) => interfaceName)).toEqual(['eth0', 'eth1']);
    expect(sums?.newlyDenied).toMatchObject({ packets: 3, records: 3 });
    expect(sums?.denied.packets).toBe(4);
  });

  it('keeps exact totals when there are more sources than it counts', () => {
    const [some] = fc.sample(nearRecord, { numRuns: 1, seed: 1 }) as [PacketLog];
    const packet = { ...some, timestamp_ns: T, ether_type: 0x0800, action: ACTIONS.permit, weight: 2 };
    write(Array.from({ length: 20 }, (_, i) => ({ ...packet, src_addr: `192.0.2.${i}` })));
    const rules: Rule[] = addRules(EMPTY_RULESET, [ruleDraftSchema.parse({ action: 'deny', source: 'any' })], {
      nowMs: 0,
      createdBy: 'test',
    }).ruleset.rules as Rule[];
    const image = imageOf({ ...EMPTY_RULESET, rules });
    const history = new InterfaceHistory([]);
    const where = { fromNs: undefined, toNs: undefined };
    const dryRun = new PastDryRun({ image, rules, slots: new Map(), range: where, history, maxSources: 8 });
    for (const file of listSegments(directory)) {
      using segment = openSegment(file);
      if (segment) dryRun.add(segment);
    }
    expect(dryRun.sums?.denied.packets).toBe(40);
    expect(dryRun.sums?.sources.size).toBe(8);
    expect(dryRun.sums?.sources.beyond).toBe(24);
  });
});
