import { RUNTIME } from '@packetlog/bpf';
import { encodePacketLog, type InterfaceLedger, type Ledger, summarySchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { FakeRing } from '../../test/support/fake-ring.ts';
import { makeSlabMemory, Slabs } from '../ipc/slabs.ts';
import { KernelRing } from '../rings/kernel-ring.ts';
import { Drain } from './drain.ts';
import { SlabWriter } from './rows/slab-writer.ts';
import type { WatchedInterfaces } from './watched-interfaces.ts';

const zero: InterfaceLedger = {
  seen: 0,
  permitted: 0,
  denied: 0,
  aborted: 0,
  emitted: 0,
  sampled_out: 0,
  filtered_out: 0,
  ring_full: 0,
  bytes: 0,
  denied_bytes: 0,
};

/** A drain over two rings and two interfaces; the test plays the kernel. */
function drain({ summaries = true } = {}) {
  const rings = [new FakeRing(65_536), new FakeRing(65_536)];
  const names = ['eth0', 'eth1'];
  const counters = names.map(() => ({ ...zero }));
  const interfaces = {
    waits: false,
    check: () => [],
    unwatched: (): Ledger['unwatched'] => undefined,
    ringFull: () => counters.reduce((sum, { ring_full }) => sum + ring_full, 0),
    reasons: () => [0, 0, 0, 0, 0, 7, 0, 0, 2],
    ledger: (): Ledger['interfaces'] =>
      names.map((name, i) => ({
        name,
        ifindex: i + 2,
        mode: 'native',
        state: 'attached',
        counters: { ...zero, ...counters[i] },
      })),
  };
  const slabWriter = new SlabWriter({
    slabs: new Slabs(makeSlabMemory(4)),
    stride: 72,
    recordOffset: 8,
    rowsPerSecond: Number.POSITIVE_INFINITY,
    now: () => 0,
    post: () => true,
    postSkipped: () => {},
  });
  const it = new Drain({
    rings: rings.map(({ memory }) => new KernelRing(memory)),
    interfaces: interfaces as unknown as WatchedInterfaces,
    slabWriter,
    runtime: new Uint8Array(RUNTIME.size),
    summaries,
  });
  /**
   * One packet of an interface as the program handles it; `counted`: whether the program got as far as counting the
   * record.
   */
  const packet = (i: number, counted = true) => {
    const [ring, of] = [rings[i], counters[i]];
    if (!ring || !of) throw new Error(`no interface ${i}`);
    of.seen++;
    of.permitted++;
    of.bytes += 100;
    if (!ring.write(record)) of.ring_full++;
    else if (counted) of.emitted++;
  };
  return { it, slabWriter, names, counters, packet, interfaces };
}

const record = encodePacketLog({
  timestamp_ns: 1n,
  src_addr: '192.0.2.1',
  dst_addr: '192.0.2.2',
  rule_id: 0,
  ifindex: 2,
  length: 100,
  weight: 1,
  src_port: 1,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 0,
  action: 2,
  reason: 0,
});

describe('Drain', () => {
  it('reads every ring, and its ledger adds up', () => {
    const { it: drains, packet, slabWriter } = drain();
    for (let i = 0; i < 30; i++) packet(i % 2);
    expect(drains.poll()).toEqual({ records: 30, more: false });
    drains.commit('wakeOnNext');
    packet(0);
    expect(drains.backlog()).toBe(72);
    const { ring, queue, reasons } = drains.ledger(5);
    expect(ring).toEqual({ offered: 31, delivered: 30, dropped: 0, withheld: 0, pending: 1 });
    expect(queue).toEqual({ offered: 30, delivered: 0, dropped: 0, withheld: 0, pending: 30 });
    expect(reasons).toEqual({ truncated: 7, not_ip: 2 });
    slabWriter.flush(true);
    expect(drains.ledger(5).queue).toMatchObject({ delivered: 30, pending: 0 });
  });

  it('never reports negative pending records when it read one before the program counted it', () => {
    const { it: drains, packet } = drain();
    packet(0, false);
    drains.poll();
    expect(drains.ledger(5).ring).toEqual({ offered: 1, delivered: 1, dropped: 0, withheld: 0, pending: 0 });
  });

  it('reports the state of the reader: fill of the fullest ring, protocols, memory', () => {
    const { it: drains, packet } = drain();
    for (let i = 0; i < 91; i++) packet(0);
    packet(1);
    drains.poll();
    const { reader } = drains.report(1000, 100).ledger;
    expect(reader).toMatchObject({
      ring_bytes: 131_072,
      ring_fill: (91 * 72) / 65_536,
      protocols: [{ ip_protocol: 6, packets: 92, bytes: 9200 }],
      pid: process.pid,
    });
    expect(reader?.resident_bytes).toBeGreaterThan(1_000_000);
    expect(reader?.lag_ms).toBeGreaterThan(0);
    expect(drains.report(2000, 1100).ledger.reader).toMatchObject({ ring_fill: 0, lag_ms: 0 });
    expect(drains.ledger(3000).reader).toBeUndefined();
  });

  it('counts new sources while that is wanted, not before and not after', () => {
    const { it: drains, packet } = drain();
    const newSources = (nowMs: number) => drains.report(nowMs, nowMs).newSources;
    expect(newSources(1000)).toBeUndefined();
    drains.wantNewSources(true, 2000);
    newSources(60_000);
    packet(0);
    drains.poll();
    drains.wantNewSources(true, 60_500);
    expect(newSources(61_000)).toBe(1);
    packet(1);
    drains.poll();
    expect(newSources(62_000)).toBe(0);
    drains.wantNewSources(false, 62_000);
    expect(newSources(63_000)).toBeUndefined();
  });

  it('reports what arrived on interfaces that are not watched, in every sum', () => {
    const { it: drains, packet, interfaces } = drain();
    packet(0);
    const counters = { ...zero, seen: 3, permitted: 1, denied: 2, bytes: 300, denied_bytes: 200, filtered_out: 3 };
    interfaces.unwatched = () => ({ ifindex: 9, counters: { ...counters } });
    const volume = { packets: 3, bytes: 300 };
    const first = drains.report(1_000_000, 100).summary;
    expect(first).toMatchObject({ total: { packets: 4, bytes: 400 }, denied_bytes: 200 });
    expect(first.by_action).toEqual({ permit: 2, deny: 2, aborted: 0 });
    expect(first.by_interface.at(-1)).toEqual({ name: 'unwatched', ...volume });
    counters.seen += 3;
    counters.bytes += 300;
    counters.permitted += 3;
    const { summary } = drains.report(1_001_000, 1100);
    expect(summary.total).toEqual(volume);
    expect(summary.by_action).toEqual({ permit: 3, deny: 0, aborted: 0 });
  });

  it('reports what happened since the last report, by the clock that does not jump', () => {
    const { it: drains, packet } = drain();
    for (let i = 0; i < 5; i++) packet(0);
    drains.poll();
    expect(drains.report(1_000_000, 100).summary).toMatchObject({
      interval_ms: 1000,
      total: { packets: 5, bytes: 500 },
      records: 5,
    });
    packet(0);
    packet(1);
    drains.poll();
    // The wall clock was set back by an hour.
    const { summary } = drains.report(1_000_000 - 3_600_000, 1350);
    expect(summarySchema.parse(summary)).toMatchObject({
      interval_ms: 1250,
      total: { packets: 2, bytes: 200 },
      by_interface: [
        { name: 'eth0', packets: 1 },
        { name: 'eth1', packets: 1 },
      ],
      by_action: { permit: 2, deny: 0, aborted: 0 },
      records: 2,
      top_sources: [{ addr: '192.0.2.1', packets: 2, bytes: 200 }],
    });
  });

  it('reads no record for a summary that no client can read', () => {
    const { it: drains, packet } = drain({ summaries: false });
    packet(0);
    drains.poll();
    expect(drains.report(1, 1000).summary).toMatchObject({ total: { packets: 1 }, records: 0, top_sources: [] });
  });

  it('is quiet when there is nothing new since its last report', () => {
    const { it: drains, packet, interfaces } = drain();
    expect(drains.isQuiet).toBe(false);
    drains.report(0, 0);
    expect(drains.isQuiet).toBe(true);
    for (let i = 0; i < 1000; i++) packet(0);
    drains.poll();
    expect(drains.isQuiet).toBe(false);
    drains.report(1000, 1000);
    // The loss that it reported has not ended.
    expect(drains.isQuiet).toBe(false);
    drains.report(2000, 2000);
    expect(drains.isQuiet).toBe(true);
    interfaces.waits = true;
    expect(drains.isQuiet).toBe(false);
  });

  it('does not report everything again when an interface was renamed', () => {
    const { it: drains, packet, names } = drain();
    for (let i = 0; i < 50; i++) packet(0);
    drains.report(1, 1000);
    names[0] = 'uplink';
    packet(0);
    expect(drains.report(2, 2000).summary.by_interface).toEqual([
      { name: 'uplink', packets: 1, bytes: 100 },
      { name: 'eth1', packets: 0, bytes: 0 },
    ]);
  });

  it('reports when the ring starts and stops losing records', () => {
    const { it: drains, packet } = drain();
    for (let i = 0; i < 1000; i++) packet(0);
    expect(drains.report(1, 1000).notices.map(({ code, count }) => [code, count])).toEqual([['loss_began', 90]]);
    expect(drains.report(2, 2000).notices.map(({ code, count }) => [code, count])).toEqual([['loss_ended', 90]]);
    expect(drains.report(3, 3000).notices).toEqual([]);
  });
});
