import { hasPacketCondition } from '@packetlog/common';
import { compileRules, type PacketFacts, parseAddressList, RuleImage, type Verdict } from '@packetlog/loader/rules';
import { describe, expect, it } from 'vitest';
import { type GeneratedRules, generateNow, generatePacket, generateRules, INTERFACE_SLOTS } from './generate.ts';
import { Random } from './random.ts';
import { type Packet, ReferenceRules, type ReferenceVerdict } from './reference.ts';

const RULE_SETS = 2000;
const PACKETS_EACH = 500;
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

const seed = Number(process.env['RULES_SEED'] ?? Date.now() % 2 ** 32);

function compile({ rules, sets, policy }: GeneratedRules, rootBits: (typeof TABLES)[number]) {
  const lists = [...sets].map(([name, networks]) => {
    const { list, badLineCount } = parseAddressList(new TextEncoder().encode(networks.join('\n')));
    expect(badLineCount).toBe(0);
    return [name, list] as const;
  });
  return compileRules({
    rules,
    defaultPolicy: policy,
    sets: new Map(lists),
    interfaceSlots: INTERFACE_SLOTS,
    counters: { limit: COUNTER_LIMIT, previous: new Map() },
    rootBits,
  });
}

function factsOf(packet: Packet): PacketFacts {
  const { source, destination, interface: name } = packet;
  const addresses = { source: wordsOf(source), destination: wordsOf(destination) };
  return { ...packet, ...addresses, interfaceSlot: INTERFACE_SLOTS.get(name) ?? 0 };
}

function wordsOf(address: Packet['source']): number[] | undefined {
  if (!address) return undefined;
  const shifts = address.family === 4 ? [0n] : [96n, 64n, 32n, 0n];
  return shifts.map((shift) => Number((address.value >> shift) & 0xffff_ffffn));
}

function same(expected: ReferenceVerdict, found: Verdict): boolean {
  if (expected.by !== found.by || expected.action !== found.action) return false;
  return found.by !== 'rule' || expected.ruleId === found.ruleId;
}

describe(`compiled rules, with RULES_SEED=${seed}`, () => {
  it('decide as the reference does in 1,000,000 cases', { timeout: 300_000 }, () => {
    const decisions = new Map<string, number>();
    let limited = 0;
    let conditional = 0;
    for (let set = 0; set < RULE_SETS; set++) {
      const random = new Random(seed + set);
      const generated = generateRules(random);
      const reference = new ReferenceRules(generated.rules, generated.sets, generated.policy);
      const { image, counterSlots } = compile(generated, random.chance(0.02) ? PACKED : random.pick(TABLES));
      const compiled = new RuleImage(image);
      for (let i = 0; i < PACKETS_EACH; i++) {
        const packet = generatePacket(random, generated);
        const now = generateNow(random);
        const expected = reference.verdict(packet, now);
        const found = compiled.verdict(factsOf(packet), now);
        if (!same(expected, found) || (found.by === 'rule' && counterSlots.get(found.ruleId) !== found.counterSlot)) {
          expect.fail(`RULES_SEED=${seed + set}: ${explain(generated, packet, now, expected, found)}`);
        }
        limited += compareLimits(generated, reference, compiled, packet, now, seed + set);
        conditional += countConditional(generated, expected);
        const kind = `${expected.by} ${expected.action}`;
        decisions.set(kind, (decisions.get(kind) ?? 0) + 1);
      }
    }
    // The generators must produce many cases of every kind.
    for (const kind of ['rule permit', 'rule deny', 'rule observe', 'default_policy permit', 'default_policy deny']) {
      expect(decisions.get(kind), kind).toBeGreaterThan((RULE_SETS * PACKETS_EACH) / 50);
    }
    expect(conditional).toBeGreaterThan((RULE_SETS * PACKETS_EACH) / 100);
    expect(limited).toBeGreaterThan((RULE_SETS * PACKETS_EACH) / 50);
    expect(decisions.get('not_ip permit')).toBeGreaterThan(0);
  });
});

/** Returns 1 if a rule with a condition decided. */
function countConditional({ rules }: GeneratedRules, { ruleId }: ReferenceVerdict): number {
  return rules.some((rule) => rule.id === ruleId && hasPacketCondition(rule)) ? 1 : 0;
}

/** Returns 1 if the packet meets limits. */
function compareLimits(
  generated: GeneratedRules,
  reference: ReferenceRules,
  compiled: RuleImage,
  packet: Packet,
  now: bigint,
  ownSeed: number,
): number {
  const limits = reference.limits(packet, now);
  const found = compiled.limits(factsOf(packet), now);
  if (limits.join() !== found.join())
    expect.fail(`limits, RULES_SEED=${ownSeed}: ${explain(generated, packet, now, limits, found)}`);
  return limits.length > 0 ? 1 : 0;
}

function explain(generated: GeneratedRules, packet: Packet, now: bigint, expected: unknown, found: unknown): string {
  const facts = { expected, found, packet, now, rules: generated.rules, sets: [...generated.sets] };
  return JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value), 1);
}
