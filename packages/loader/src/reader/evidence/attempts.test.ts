import { type PacketLog, PacketLogView, parseNetwork, unmapped } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryOf, packet, RECORD_OFFSET, STRIDE } from '../../../test/support/records.ts';
import { Attempts } from './attempts.ts';

const SSH = { rule: 3, fromPort: 22, toPort: 22, bits4: 32, bits6: 64 };
const SYN: PacketLog = { ...packet, src_addr: '203.0.113.7', dst_port: 22, tcp_flags: 0x02 };

function attempts(...limits: (typeof SSH)[]) {
  const table = new Attempts();
  table.watch(limits.length === 0 ? [SSH] : limits);
  return {
    table,
    add: (nowMs: number, ...records: PacketLog[]) =>
      table.add(memoryOf(records), RECORD_OFFSET, records.length, STRIDE, nowMs),
    of: (source: string, nowMs: number, rule = 3) => table.evidence(rule, unmapped(parseNetwork(source)), nowMs),
  };
}

describe('attempts', () => {
  it('are counted over 1, 10 and 60 s', () => {
    const { add, of } = attempts();
    for (let second = 0; second < 90; second++) add(second * 1000, SYN, SYN);
    expect(of('203.0.113.7', 89_900)).toMatchObject({
      in_1_s: 2,
      in_10_s: 20,
      in_60_s: 120,
      ports: [22],
      isSampled: false,
    });
    expect(of('203.0.113.7', 99_000)).toMatchObject({ in_1_s: 0, in_10_s: 0, in_60_s: 100 });
    expect(of('203.0.113.7', 149_000)).toMatchObject({ in_60_s: 0 });
    expect(of('203.0.113.8', 89_900)).toMatchObject({ in_60_s: 0, ports: [] });
  });

  it('agree with a list of all of them', () => {
    const gaps = fc.array(fc.nat(9000), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, (times) => {
        const { add, of } = attempts();
        let nowMs = 0;
        const seconds: number[] = [];
        for (const gap of times) {
          nowMs += gap;
          add(nowMs, SYN);
          seconds.push(Math.floor(nowMs / 1000));
        }
        const now = Math.floor(nowMs / 1000);
        const within = (length: number) => seconds.filter((each) => each > now - length).length;
        expect(of('203.0.113.7', nowMs)).toMatchObject({ in_10_s: within(10), in_60_s: within(60) });
      }),
    );
  });

  it('are SYN to the ports of the limit that no rule has denied', () => {
    const { add, of } = attempts();
    add(
      1000,
      { ...SYN, dst_port: 23 },
      { ...SYN, tcp_flags: 0x12 },
      { ...SYN, tcp_flags: 0x10 },
      { ...SYN, ip_protocol: 17 },
      { ...SYN, action: 1, reason: 1, rule_id: 4 },
      { ...SYN, action: 1, reason: 3 },
    );
    expect(of('203.0.113.7', 1000).in_60_s).toBe(0);
    add(1000, { ...SYN, action: 1, reason: 10, rule_id: 3 }, { ...SYN, reason: 11, rule_id: 3 });
    expect(of('203.0.113.7', 1000).in_60_s).toBe(2);
  });

  it('of an IPv6 network, and of a prefix, are one source; limits count apart', () => {
    const wide = { rule: 4, fromPort: 0, toPort: 65_535, bits4: 24, bits6: 48 };
    const { add, of } = attempts(SSH, wide);
    add(1000, SYN, { ...SYN, src_addr: '203.0.113.9', dst_port: 80 });
    add(
      1000,
      { ...SYN, src_addr: '2001:db8:1:2::1' },
      { ...SYN, src_addr: '2001:db8:1:2:ffff::2' },
      { ...SYN, src_addr: '2001:db8:1:3::1' },
    );
    expect(of('203.0.113.7', 1000).in_60_s).toBe(1);
    expect(of('203.0.113.0/24', 1000, 4)).toMatchObject({ in_60_s: 2, ports: [22, 80] });
    expect(of('2001:db8:1:2::/64', 1000).in_60_s).toBe(2);
    expect(of('2001:db8:1::/48', 1000, 4).in_60_s).toBe(3);
  });

  it('count by their weight, and say so', () => {
    const { add, of } = attempts();
    add(1000, { ...SYN, weight: 8 });
    expect(of('203.0.113.7', 1000)).toMatchObject({ in_60_s: 8, isSampled: true });
  });

  it('keep the eight newest records, the newest last', () => {
    const { add, of } = attempts();
    for (let port = 1; port <= 11; port++) add(1000, { ...SYN, src_port: port });
    const { samples } = of('203.0.113.7', 1000);
    const view = new PacketLogView(samples, { count: samples.length / 64, stride: 64, recordOffset: 0 });
    expect(Array.from({ length: 8 }, (_, i) => view.srcPort(i))).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(view.srcAddr(0)).toBe('203.0.113.7');
  });

  it('of an offender are kept while 100,000 forged sources send a SYN each', () => {
    const { add, of } = attempts();
    for (let i = 0; i < 20; i++) add(1000, SYN);
    for (let i = 0; i < 100_000; i++) add(1000, { ...SYN, src_addr: `198.18.${(i >> 8) & 255}.${i & 255}` });
    expect(of('203.0.113.7', 1000).in_60_s).toBe(20);
  });

  it('are not kept while no limit bans', () => {
    const { table, add, of } = attempts();
    add(1000, SYN);
    table.watch([]);
    add(1000, SYN);
    expect(of('203.0.113.7', 1000).in_60_s).toBe(0);
    table.watch([SSH]);
    expect(of('203.0.113.7', 1000).in_60_s).toBe(0);
  });
});
