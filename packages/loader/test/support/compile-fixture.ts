/** For tests of the compiler: rules, lists and packets in a line each, and what becomes of them. */
import type { DefaultPolicy, Rule } from '@packetlog/common';
import { compileRules, type RulesToCompile } from '../../src/rules/compiler/compile.ts';
import { type PacketFacts, RuleImage } from '../../src/rules/evaluator/rule-image.ts';
import type { AddressList } from '../../src/rules/lists/address-list.ts';
import { parseAddressList } from '../../src/rules/lists/parse-address-list.ts';

export const NOW_MS = Date.UTC(2030, 0, 1);
export const TCP = 6;
export const UDP = 17;

let nextId = 1;
export function rule(action: Rule['action'], source: string, more: Partial<Rule> = {}): Rule {
  return { id: nextId++, action, source, reason: '', created_by: 'test', created_at: '2029-01-01T00:00:00Z', ...more };
}

export function list(...networks: string[]): AddressList {
  return parseAddressList(new TextEncoder().encode(networks.join('\n'))).list;
}

export interface Target extends Partial<RulesToCompile> {
  policy?: DefaultPolicy;
}

export function compile(rules: readonly Rule[], { policy = 'permit', ...more }: Target = {}) {
  return compileRules({
    rules,
    defaultPolicy: policy,
    sets: new Map(),
    interfaceSlots: new Map([
      ['eth0', 1],
      ['eth1', 2],
    ]),
    counters: { limit: 16_384, previous: new Map() },
    ...more,
  });
}

/** Facts of a data packet to a destination that no test names. */
const REST = { destination: undefined, tcpFlags: 0x18, length: 100, isFragment: false } as const;

export function ipv4(text: string, more: Partial<PacketFacts> = {}): PacketFacts {
  const [source] = list(text).ipv4.starts;
  return {
    etherType: 0x0800,
    ipProtocol: TCP,
    source: [source as number],
    destinationPort: 443,
    interfaceSlot: 1,
    ...REST,
    ...more,
  };
}

export function ipv6(text: string, more: Partial<PacketFacts> = {}): PacketFacts {
  return {
    etherType: 0x86dd,
    ipProtocol: TCP,
    source: list(text).ipv6.words,
    destinationPort: 443,
    interfaceSlot: 1,
    ...REST,
    ...more,
  };
}

/** `deny 7` for rule 7, `deny` for the default policy. */
export function ruleVerdict(rules: readonly Rule[], target: Target = {}) {
  const image = new RuleImage(compile(rules, target).image);
  return (facts: PacketFacts, nowMs = NOW_MS) => {
    const verdict = image.verdict(facts, BigInt(nowMs) * 1_000_000n);
    return verdict.by === 'rule' ? `${verdict.action} ${verdict.ruleId}` : verdict.action;
  };
}
