import { ACTIONS, encodePacketLog, PACKET_LOG_SIZE, type PacketLog, type Rule, ruleSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../rules/compiler/compile.ts';
import { RuleImage } from '../rules/evaluator/rule-image.ts';
import { LimitReplay } from './limit-replay.ts';

const T = 1_700_000_000_000_000_000n;
const MS = 1_000_000n;
const [SYN, ACK, RST, UDP] = [0x02, 0x10, 0x04, 17];
const BASE: PacketLog = {
  timestamp_ns: T,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 100,
  weight: 1,
  src_port: 40_000,
  dst_port: 22,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: SYN,
  action: ACTIONS.permit,
  reason: 0,
};

const rule = (id: number, more: Partial<Rule>): Rule =>
  ruleSchema.parse({
    ...{ id, action: 'limit', source: 'any', reason: '', created_by: 'test', created_at: '2030-01-01T00:00:00Z' },
    ...more,
  });

function replayOf(...rules: readonly Rule[]): LimitReplay {
  const { image } = compileRules({
    rules,
    defaultPolicy: 'permit',
    sets: new Map(),
    interfaceSlots: new Map(),
    counters: { limit: 64, previous: new Map() },
  });
  return new LimitReplay(new RuleImage(image), rules);
}

function add(replay: LimitReplay, packets: readonly Partial<PacketLog>[], rows?: Uint8Array): void {
  const bytes = new Uint8Array(packets.length * PACKET_LOG_SIZE);
  packets.forEach((packet, i) => {
    encodePacketLog({ ...BASE, ...packet }, bytes, i * PACKET_LOG_SIZE);
  });
  replay.add(bytes, [{ slots: new Map(), rows }]);
}

const counts = (replay: LimitReplay) => [...replay.limits.values()].map(({ seen, over }) => [seen, over]);
const many = (count: number, more: (i: number) => Partial<PacketLog> = () => ({})) =>
  Array.from({ length: count }, (_, i) => more(i));

describe('limits over records', () => {
  it('see what they match and measure, each alone', () => {
    const replay = replayOf(
      rule(1, { rate: '3/h', protocol: 'tcp', destination_port: 22 }),
      rule(2, { rate: '3/h', measure: 'syn' }),
      rule(3, { rate: '3/h', source: '192.0.2.0/24', per: 'rule' }),
      rule(4, { rate: '1000/h', measure: 'bytes', protocol: 'udp' }),
    );
    add(replay, many(5));
    add(
      replay,
      many(2, () => ({ tcp_flags: ACK })),
    );
    add(replay, [{ dst_port: 23 }, { src_addr: '203.0.113.1' }, { ip_protocol: UDP, length: 1500, tcp_flags: 0 }]);
    expect(counts(replay)).toEqual([
      [8, 4],
      [7, 3],
      [9, 6],
      [1, 1],
    ]);
  });

  it('do not see what a permit or deny rule of the dry run decides, nor what is outside of the range', () => {
    const limit = rule(1, { rate: '1/h' });
    const replay = replayOf(limit, rule(2, { action: 'permit', source: '192.0.2.1', rate: undefined }));
    add(replay, many(5));
    add(
      replay,
      many(5, () => ({ src_addr: '192.0.2.2' })),
      Uint8Array.from([1, 1, 0, 0, 1]),
    );
    expect(counts(replay)).toEqual([[3, 2]]);
  });

  it('take records in the order of time, and go on after a step of the clock', () => {
    const at = (ms: number) => ({ timestamp_ns: T + BigInt(ms) * MS });
    const late = replayOf(rule(1, { rate: '1/s' }));
    // In this order, the second would be over.
    add(late, [at(2000), at(0), at(1000)]);
    expect(counts(late)).toEqual([[3, 0]]);
    const stepped = replayOf(rule(1, { rate: '1/s' }));
    add(stepped, [at(0), at(1000)]);
    add(stepped, [at(-3_600_000), at(-3_599_000), at(-3_598_000)]);
    // The first one after the step seems to come at the time of the last one before.
    expect(counts(stepped)).toEqual([[5, 1]]);
    const limit = [...stepped.limits.values()][0];
    expect(limit && stepped.firstOverNs(limit)).toBe(T + 1000n * MS);
  });

  it('count a connection once it is acknowledged, and no forged SYN', () => {
    const replay = replayOf(rule(1, { rate: '2/h', measure: 'connections', protocol: 'tcp' }));
    add(
      replay,
      many(50, (i) => ({ src_port: 1000 + i })),
    );
    add(replay, [{ src_port: 9, tcp_flags: ACK }]);
    expect(counts(replay)).toEqual([[0, 0]]);
    add(
      replay,
      many(4, (i) => ({ src_port: 1000 + i, tcp_flags: ACK })),
    );
    add(
      replay,
      many(4, (i) => ({ src_port: 1000 + i, tcp_flags: ACK })),
    );
    add(replay, [{ src_port: 1040, tcp_flags: RST | ACK }]);
    expect(counts(replay)).toEqual([[4, 2]]);
  });

  it('name networks of both families', () => {
    const replay = replayOf(rule(1, { rate: '1/h', per: 'source/24,48' }));
    const ipv6 = { ether_type: 0x86dd, src_addr: '2001:db8:7:1::9', dst_addr: '2001:db8::1' };
    add(replay, [...many(3, (i) => ({ src_addr: `192.0.2.${i}` })), ...many(5, () => ipv6)]);
    const [limit] = [...replay.limits.values()];
    expect(limit?.largest()).toEqual([
      { bucket: '2001:db8:7::/48', over: 4 },
      { bucket: '192.0.2.0/24', over: 2 },
    ]);
  });
});
