import { parsePortRange } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KindRule, rulesByKind, warningsOf } from './learned-rules.ts';
import { KIND_COUNT, kindNumber, kindOf } from './traffic-kinds.ts';

const [ICMP, TCP, UDP, GRE] = [1, 6, 17, 47] as const;

type Sent = readonly [ipProtocol: number, detail: number | undefined, packets: number];

function sumsOf(set: readonly Sent[], others: readonly Sent[]) {
  const sums = {
    packets: new Float64Array(KIND_COUNT),
    bytes: new Float64Array(KIND_COUNT),
    otherPackets: new Float64Array(KIND_COUNT),
  };
  for (const [protocol, detail, packets] of set) {
    const kind = kindNumber(protocol, detail);
    sums.packets[kind] = (sums.packets[kind] as number) + packets;
    sums.bytes[kind] = (sums.bytes[kind] as number) + packets * 60;
  }
  for (const [protocol, detail, packets] of others) {
    const kind = kindNumber(protocol, detail);
    sums.otherPackets[kind] = (sums.otherPackets[kind] as number) + packets;
  }
  return sums;
}

const learned = (set: readonly Sent[], others: readonly Sent[], max = 20) => rulesByKind(sumsOf(set, others), max, 'r');
const matches = (rules: readonly KindRule[]) =>
  rules.map(({ rule: { protocol, destination_port } }) => `${protocol} ${destination_port ?? ''}`.trim()).sort();

/** Whether a rule of the list denies packets of this kind, as docs/rules.md says. */
function isDenied(rules: readonly KindRule[], name: string, port: number | undefined): boolean {
  return rules.some(({ rule: { protocol, destination_port } }) => {
    if (protocol !== name) return false;
    if (destination_port === undefined) return true;
    const { from, to } = parsePortRange(destination_port);
    return port !== undefined && port >= from && port <= to;
  });
}

describe('kinds of traffic', () => {
  it('have a number each, from which they are read again', () => {
    const kinds = [
      { ipProtocol: TCP, port: 0, icmpType: undefined },
      { ipProtocol: TCP, port: 65_535, icmpType: undefined },
      { ipProtocol: UDP, port: 53, icmpType: undefined },
      { ipProtocol: UDP, port: undefined, icmpType: undefined },
      { ipProtocol: ICMP, port: undefined, icmpType: 255 },
      { ipProtocol: 0, port: undefined, icmpType: undefined },
      { ipProtocol: 255, port: undefined, icmpType: undefined },
    ];
    const numbers = kinds.map(({ ipProtocol, port, icmpType }) => kindNumber(ipProtocol, port ?? icmpType));
    expect(new Set(numbers).size).toBe(kinds.length);
    expect(Math.max(...numbers)).toBe(KIND_COUNT - 1);
    expect(numbers.map(kindOf)).toEqual(kinds);
  });
});

describe('rules by kind', () => {
  it('share a rule for adjacent ports, but not for ports that others or no packets have', () => {
    const set: Sent[] = [21, 22, 23, 80, 443, 444].map((port) => [TCP, port, 1]);
    expect(matches(learned(set, [[TCP, 22, 9]]))).toEqual(['tcp 21', 'tcp 23', 'tcp 443-444', 'tcp 80']);
  });

  it('deny a protocol without ports, and ICMP, only if no other source sent it at all', () => {
    const set: Sent[] = [
      [GRE, undefined, 3],
      [ICMP, 8, 5],
      [ICMP, 13, 1],
    ];
    expect(learned(set, [])).toMatchObject([
      { rule: { action: 'deny', source: 'any', protocol: 'icmp', reason: 'r' }, packets: 6, bytes: 360, kinds: 2 },
      { rule: { protocol: 'gre' }, packets: 3, kinds: 1 },
    ]);
    expect(matches(learned(set, [[ICMP, 3, 1]]))).toEqual(['gre']);
  });

  it('deny no packets without a port, which only a rule for their whole protocol could', () => {
    expect(learned([[UDP, undefined, 4]], [])).toEqual([]);
    expect(learned([[255, undefined, 4]], [])).toEqual([]);
  });

  it('are joined over unused ports, the fewest first, if there are too many', () => {
    const set: Sent[] = [10, 12, 20, 30, 31, 60].map((port) => [TCP, port, 1]);
    const rules = learned(set, [[TCP, 25, 1]], 3);
    expect(matches(rules)).toEqual(['tcp 10-20', 'tcp 30-31', 'tcp 60']);
    expect(rules.map(({ unusedPorts }) => unusedPorts).sort()).toEqual([0, 0, 8]);
    expect(warningsOf(rules, [])).toEqual([
      'The ranges contain 8 ports to which no packet was sent; the rules deny them, too.',
    ]);
  });

  it('are not joined over ports of connections that this machine opens: those with the most packets remain', () => {
    const set: Sent[] = [40_000, 40_002, 40_004].map((port, i) => [UDP, port, i + 1]);
    const rules = learned(set, [], 2);
    expect(rules.map(({ rule: { destination_port } }) => destination_port)).toEqual([40_004, 40_002]);
    expect(warningsOf(rules, [])).toEqual([expect.stringContaining('Ports from 32768 on')]);
  });

  it('warn of ICMP, and of ports on which this machine listens', () => {
    expect(warningsOf(learned([[ICMP, 8, 1]], []), [])).toEqual([expect.stringContaining('cannot match an ICMP type')]);
    const rules = learned(
      [
        [TCP, 22, 1],
        [TCP, 23, 1],
        [UDP, 53, 1],
      ],
      [],
    );
    expect(warningsOf(rules, [{ ipProtocol: TCP, port: 53 }])).toEqual([]);
    expect(warningsOf(rules, [{ ipProtocol: TCP, port: 22 }])).toEqual([
      'This machine listens on TCP 22: the rules deny all clients of this service, also later ones.',
    ]);
    const services = [22, 23].map((port) => ({ ipProtocol: TCP, port }));
    expect(warningsOf(rules, [...services, { ipProtocol: UDP, port: 53 }])).toEqual([
      'This machine listens on TCP 22, TCP 23, UDP 53: the rules deny all clients of these services, also later ones.',
    ]);
  });

  it('deny no packet of others, and all kinds that they can, whatever was sent', () => {
    const protocols = { tcp: TCP, udp: UDP, gre: GRE } as const;
    const one = fc.record({
      name: fc.constantFrom(...(Object.keys(protocols) as (keyof typeof protocols)[])),
      port: fc.integer({ min: 1, max: 40 }),
      packets: fc.integer({ min: 1, max: 9 }),
    });
    const asSent = ({ name, port, packets }: { name: keyof typeof protocols; port: number; packets: number }): Sent => [
      protocols[name],
      name === 'gre' ? undefined : port,
      packets,
    ];
    fc.assert(
      fc.property(fc.array(one), fc.array(one), fc.integer({ min: 1, max: 8 }), (set, others, max) => {
        const rules = learned(set.map(asSent), others.map(asSent), max);
        expect(rules.length).toBeLessThanOrEqual(max);
        for (const { name, port } of others) expect(isDenied(rules, name, port)).toBe(false);
        const isShared = (each: (typeof set)[number]) =>
          others.some(({ name, port }) => name === each.name && (name === 'gre' || port === each.port));
        const only = set.filter((each) => !isShared(each));
        const denied = set.filter(({ name, port }) => isDenied(rules, name, port));
        expect(rules.reduce((sum, { packets }) => sum + packets, 0)).toBe(
          denied.reduce((sum, { packets }) => sum + packets, 0),
        );
        const all = learned(set.map(asSent), others.map(asSent), 1000);
        for (const { name, port } of only) expect(isDenied(all, name, port)).toBe(true);
        expect(all.every(({ unusedPorts }) => unusedPorts === 0)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
