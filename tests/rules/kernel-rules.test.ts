/** The rules as the compiled program applies them in the kernel, against the naive reference. Needs root. */
import { RULE_SLOTS } from '@packetlog/bpf';
import { ACTIONS, type PacketLog, PacketLogView, REASONS, type Reason } from '@packetlog/common';
import { compileRules, parseAddressList } from '@packetlog/loader/rules';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedProgram, loadProgram } from '../lab/bpf.ts';
import { requireRoot } from '../lab/root.ts';
import { type GeneratedRules, generatePacket, generateRules, INTERFACE_SLOTS, NOW_MS } from './generate.ts';
import { packetFrame } from './packet-frame.ts';
import { Random } from './random.ts';
import { type Packet, ReferenceRules, type ReferenceVerdict } from './reference.ts';

/** 250,000 cases by default; RULE_SETS=400 makes a million. */
const RULE_SETS = Number(process.env['RULE_SETS'] ?? 100);
const PACKETS_EACH = 2500;
const CASES = (RULE_SETS * PACKETS_EACH).toLocaleString('en-US');
const COUNTER_LIMIT = 64;
/** Table sizes of small rule sets and of large ones, which have a filter of few or many lines. */
const LARGE = [{ ipv4: 13 }, { ipv4: 13, filter: 8 }, { ipv4: 13, filter: 0 }];
const TABLES: readonly { ipv4: number; filter?: number }[] = [
  ...Array.from({ length: 6 }, () => ({ ipv4: 8 })),
  { ipv4: 9 },
  ...LARGE,
];
/** Sets with packed lines are rare, because they take time to fill. */
const PACKED = { ipv4: 16, filter: 8 };
const XDP_DROP = 1;
const XDP_PASS = 2;
/** Half-way between moments at which rules of the generator expire, so that a packet need not be on time to the ns. */
const NOWS_NS = [-7_200_000, -1_800_000, -0.5, 0.5, 1.5, 30_000, 120_000].map(
  (ms) => BigInt(NOW_MS) * 1_000_000n + BigInt(ms * 1e6),
);
const LATE_NS = 400_000n;

const seed = Number(process.env['RULES_SEED'] ?? Date.now() % 2 ** 32);

function compile({ rules, sets, policy }: GeneratedRules, rootBits: (typeof TABLES)[number]) {
  const lists = [...sets].map(
    ([name, networks]) => [name, parseAddressList(new TextEncoder().encode(networks.join('\n'))).list] as const,
  );
  return compileRules({
    rules,
    defaultPolicy: policy,
    sets: new Map(lists),
    interfaceSlots: INTERFACE_SLOTS,
    counters: { limit: COUNTER_LIMIT, previous: new Map() },
    rootBits,
  });
}

interface Run {
  readonly returned: number;
  readonly record: PacketLog;
  /** Earlier runs that were too late. */
  readonly late: number;
}

/** Runs at the requested time; a small delay does not matter. */
function runAt(program: LoadedProgram, frame: Uint8Array, nowNs: bigint): Run {
  for (let late = 0; ; late++) {
    const start = process.hrtime.bigint();
    program.setClockOffset(nowNs - start);
    const returned = program.run(frame);
    const inTime = process.hrtime.bigint() - start < LATE_NS;
    const [bytes, ...more] = program.takeRecords();
    if (!bytes || more.length > 0) throw new Error(`${more.length + (bytes ? 1 : 0)} records of one packet`);
    if (!inTime) continue;
    const [record] = new PacketLogView(bytes, { count: 1, stride: 64, recordOffset: 0 });
    return { returned, record: record as PacketLog, late };
  }
}

/** Returns the parser's result for a frame of `packetFrame`, without rules. */
function parserReason({ etherType, source, destinationPort, ipProtocol }: Packet): Reason {
  if (!source) return etherType === 0x0806 || etherType === 0x88cc ? 'not_ip' : 'truncated';
  if (destinationPort !== undefined) return 'none';
  if (source.family === 4) return 'fragment';
  const hasMore = [0, 1, 6, 17, 43, 44, 51, 58, 60, 132, 135, 136, 139, 140];
  return hasMore.includes(ipProtocol) ? 'truncated' : 'none';
}

function expectedRecord(packet: Packet, { by, action, ruleId }: ReferenceVerdict) {
  const parser = parserReason(packet);
  const decided: Reason = by === 'rule' ? (action === 'observe' ? 'would_deny' : 'rule') : 'default_policy';
  const reason = action === 'permit' ? (by === 'rule' && parser === 'none' ? 'rule' : parser) : decided;
  const denied = action === 'deny';
  return {
    returned: denied ? XDP_DROP : XDP_PASS,
    action: denied ? ACTIONS.deny : ACTIONS.permit,
    reason: REASONS[reason],
    rule_id: ruleId ?? 0,
  };
}

describe.skipIf(!requireRoot())(`rules in the kernel, with RULES_SEED=${seed}`, () => {
  let program: LoadedProgram;
  beforeAll(() => {
    program = loadProgram({ program: 'single' });
  });
  afterAll(() => program.close());

  it(`decide, count and record as the reference does in ${CASES} cases`, { timeout: 600_000 }, () => {
    for (let set = 0; set < RULE_SETS; set++) expectSame(program, seed + set);
  });
});

/** Compares the verdicts of one rule set about many packets. */
function expectSame(program: LoadedProgram, ownSeed: number): void {
  const random = new Random(ownSeed);
  const generated = generateRules(random);
  const reference = new ReferenceRules(generated.rules, generated.sets, generated.policy);
  const { image, counterSlots } = compile(generated, random.chance(0.05) ? PACKED : random.pick(TABLES));
  program.putRules(RULE_SLOTS.confirmed, image);
  const limits = generated.rules.filter(({ action }) => action === 'limit');
  const levels = limits.map(({ id }) => program.putLimit(counterSlots.get(id) ?? 0, 0n));
  const counted = new Map(generated.rules.map(({ id }) => [id, { packets: 0, bytes: 0 }]));
  let lateRuns = 0;
  const before = new Map([...counterSlots].map(([id, slot]) => [id, program.ruleCounter(slot)]));
  for (let i = 0; i < PACKETS_EACH; i++) {
    const packet = generatePacket(random, generated);
    const now = random.pick(NOWS_NS);
    program.setInterfaceSlot(INTERFACE_SLOTS.get(packet.interface) ?? 0);
    const frame = packetFrame(packet);
    const { returned, record, late } = runAt(program, frame, now);
    lateRuns += late;
    const expected = expectedRecord(packet, reference.verdict(packet, now));
    const found = { returned, action: record.action, reason: record.reason, rule_id: record.rule_id };
    if (Object.entries(expected).some(([name, value]) => found[name as keyof typeof found] !== value)) {
      const facts = { packet, now, expected, found, rules: generated.rules, sets: [...generated.sets] };
      expect.fail(`RULES_SEED=${ownSeed}: ${JSON.stringify(facts, bigintAsText, 1)}`);
    }
    for (const id of [record.rule_id, ...reference.limits(packet, now)]) {
      const count = counted.get(id);
      if (!count) continue;
      count.packets++;
      count.bytes += frame.length;
    }
  }
  for (const [id, slot] of counterSlots) {
    const { packets, bytes } = program.ruleCounter(slot);
    const then = before.get(id);
    const expected = counted.get(id)?.packets ?? 0;
    // A packet that ran too late was repeated, and may have counted for another rule, too.
    expect(packets - (then?.packets ?? 0)).toBeGreaterThanOrEqual(expected);
    expect(packets - (then?.packets ?? 0)).toBeLessThanOrEqual(expected + lateRuns);
    expect(bytes - (then?.bytes ?? 0)).toBeGreaterThanOrEqual(counted.get(id)?.bytes ?? 0);
  }
  for (const each of levels) each.close();
}

const bigintAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value);
