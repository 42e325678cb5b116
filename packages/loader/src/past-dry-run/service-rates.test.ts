import { ACTIONS, encodePacketLog, PACKET_LOG_SIZE, type PacketLog } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { ServiceRates } from './service-rates.ts';

const T = 1_700_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const [SYN, ACK] = [0x02, 0x10];
const BASE: PacketLog = {
  timestamp_ns: T,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 100,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: SYN,
  action: ACTIONS.permit,
  reason: 0,
};

function ratesOf(packets: readonly Partial<PacketLog>[], isInRange = (_: bigint) => true): ServiceRates {
  const rates = new ServiceRates();
  const bytes = new Uint8Array(packets.length * PACKET_LOG_SIZE);
  packets.forEach((packet, i) => {
    encodePacketLog({ ...BASE, ...packet }, bytes, i * PACKET_LOG_SIZE);
  });
  rates.add(bytes, isInRange);
  return rates;
}

const times = <Value>(count: number, make: (i: number) => Value) => Array.from({ length: count }, (_, i) => make(i));
const atSecond = (second: number) => ({ timestamp_ns: T + BigInt(second) * SECOND });
/** A connection: SYN, and ACK a second later. */
const connection = (second: number, src_port: number, more: Partial<PacketLog> = {}): Partial<PacketLog>[] => [
  { ...atSecond(second), src_port, ...more },
  { ...atSecond(second + 1), src_port, tcp_flags: ACK, ...more },
];

describe('the rates of services', () => {
  it('propose twice what 95 % of the active minutes of sources have at most', () => {
    // 40 sources with 8 connections a minute each, and one with 30.
    const usual = times(40, (source) =>
      times(8, (i) => connection(60 * source, 1000 + i, { src_addr: `192.0.2.${source}` })),
    ).flat(2);
    const busy = times(30, (i) => connection(0, 2000 + i, { src_addr: '203.0.113.1' })).flat();
    expect(ratesOf([...usual, ...busy]).proposals()).toEqual([
      {
        rule: {
          ...{ action: 'limit', source: 'any', protocol: 'tcp', destination_port: 443, rate: '16/min' },
          ...{ measure: 'connections', reason: 'proposed' },
        },
        ...{ sources: 41, p95: 8, most: 30 },
      },
    ]);
  });

  it('propose nothing for ports that are only scanned, that are used rarely, or where answers arrive', () => {
    const scan = times(500, (i) => ({ ...atSecond(i), dst_port: i + 1 }));
    const rare = times(3, (i) => connection(100 * i, 3000 + i)).flat();
    const answers = times(500, (i) => ({ ...atSecond(i), ip_protocol: 17, tcp_flags: 0, dst_port: 40_000 }));
    expect(ratesOf([...scan, ...rare, ...answers]).proposals()).toEqual([]);
  });

  it('count UDP by second and weight, only within the range, and not below a least rate', () => {
    const query = (second: number, weight: number) => ({
      ...{ ...atSecond(second), ip_protocol: 17, tcp_flags: 0, dst_port: 53, weight },
    });
    const many = ratesOf(times(100, (i) => query(i, 128)));
    expect(many.proposals()).toMatchObject([{ rule: { protocol: 'udp', rate: '260/s' }, p95: 130, most: 130 }]);
    const few = ratesOf(times(100, (i) => query(i, 1)));
    expect(few.proposals()).toMatchObject([{ rule: { rate: '20/s' }, p95: 1 }]);
    const outside = ratesOf(
      times(100, (i) => query(i, 1)),
      (ns) => ns < T + 10n * SECOND,
    );
    expect(outside.proposals()).toEqual([]);
  });
});
