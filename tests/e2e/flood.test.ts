/** Millions of packets, at full speed and at ten times the reader's capacity: every sum is exact. Needs root. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { type Crowd, startCrowd } from './crowd.ts';
import { eachWithNetwork } from './suite.ts';

const TRANSPORTS = ['array', 'ring'] as const;
const FULL_SPEED = 10_000_000;
const OVERLOAD = 4_000_000;
const ALL_ROWS = { max_rows_per_second: 1_000_000 };
/** Packets per interval in which the reader is stopped: a ring of SMALL_RING holds 4,096 records. */
const STAND_STILL = 400_000;
const SMALL_RING = '256KiB';
const AWAKE_MS = 2;
/** Packets that the last records of a full ring may represent. */
const FULLEST = 64;

describe.skipIf(!requireRoot())('a flood', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let generator: Generator;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());

  async function watched(...options: string[]): Promise<{ packetlog: LabProcess; crowd: Crowd }> {
    const { server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'none', '--ui', 'off', '--listen', '127.0.0.1:0'];
    const packetlog = suite.own(startPacketlog(server, { args: [...args, ...options] }));
    const [text] = await packetlog.untilPrinted(/http:\/\/\S+/);
    const { origin } = new URL(text);
    const token = LAB_TOKEN;
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const crowd = await startCrowd(server);
    await crowd.ask('connect', { origin, token, count: 1, subscription: ALL_ROWS, weigh: true });
    return { packetlog, crowd };
  }

  /** Returns the packets that have reached the interface, by its own counter. */
  const arrived = async () => (await suite.network.link.server.counters()).rx.packets;

  /**
   * Resolves with how many arrived; the sender's interface counts those that found the veth queue full. `packetlog`: is
   * stopped most of the time meanwhile.
   */
  async function flood(count: number, packetlog?: LabProcess): Promise<number> {
    let over = false;
    const sending = generator.sendFast(suite.network.link.client, count).finally(() => {
      over = true;
    });
    while (packetlog && !over) {
      process.kill(packetlog.pid, 'SIGSTOP');
      const from = await arrived();
      while (!over && (await arrived()) < from + STAND_STILL) await delay(5);
      process.kill(packetlog.pid, 'SIGCONT');
      await delay(AWAKE_MS);
    }
    // Two independent counts: the generator's and the interfaces'.
    expect((await sending).sent).toBe(count);
    const { tx } = await suite.network.link.client.counters();
    const came = await arrived();
    expect(came + tx.dropped).toBe(count);
    return came;
  }

  /** Waits until loader and client have every record, and checks the sums of each hop, tolerance 0. */
  async function settled(crowd: Crowd, seen: number): Promise<Ledger['interfaces'][number]['counters']> {
    const { ring, queue, client, interfaces } = await until(
      async () => {
        const ledger = await crowd.ledger();
        const [account] = await crowd.accounts();
        const isWhole =
          ledger?.interfaces[0]?.counters.seen === seen && ledger.ring.pending + ledger.queue.pending === 0;
        const { offered = 0, delivered = 0, dropped = 0, withheld = 0 } = ledger?.client ?? {};
        const has = account?.received === delivered && offered === delivered + dropped + withheld;
        return isWhole && has && ledger;
      },
      { what: 'a ledger of all packets', evidence: () => 'no such ledger' },
    );
    const counters = interfaces[0]?.counters;
    if (!counters) throw new Error('no interface');
    expect(counters.permitted + counters.denied + counters.aborted).toBe(seen);
    expect(counters.emitted + counters.sampled_out + counters.filtered_out + counters.ring_full).toBe(seen);
    expect(ring).toMatchObject({ offered: counters.emitted, delivered: counters.emitted, dropped: 0 });
    expect(queue.offered).toBe(counters.emitted);
    expect(queue.delivered + queue.dropped + queue.withheld).toBe(counters.emitted);
    const [account] = await crowd.accounts();
    expect(account).toMatchObject({ wrong: 0, received: client.delivered, dropped: client.dropped });
    // The client connected before the first packet.
    expect(client.offered + queue.dropped).toBe(counters.emitted);
    return counters;
  }

  test.each(TRANSPORTS)(
    'of ten million packets at full speed: each is delivered or counted as lost (%s)',
    async (transport) => {
      const { packetlog, crowd } = await watched('--transport', transport, '--sample', 'off');
      const seen = await flood(FULL_SPEED);
      const counters = await settled(crowd, seen);
      expect(counters).toMatchObject({ sampled_out: 0, filtered_out: 0 });
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    },
  );

  test.each(TRANSPORTS)(
    'of ten times the reader’s capacity: lost records are counted and reported, and the reader continues (%s)',
    async (transport) => {
      const { packetlog, crowd } = await watched(
        ...['--transport', transport, '--sample', 'off', '--ring-size', SMALL_RING],
      );
      const seen = await flood(OVERLOAD, packetlog);
      const counters = await settled(crowd, seen);
      expect(counters.ring_full).toBeGreaterThan(9 * counters.emitted);
      await packetlog.untilPrinted(/Records are being lost in the kernel/);
      await packetlog.untilPrinted(/No more records are lost in the kernel/);
      const MORE = 1000;
      await generator.sendPaced(suite.network.link.client, MORE, MORE);
      expect(await settled(crowd, seen + MORE)).toMatchObject({
        emitted: counters.emitted + MORE,
        ring_full: counters.ring_full,
      });
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    },
  );

  test.each(TRANSPORTS)(
    'is sampled instead of lost: the weights add up to the packets, and later each packet is recorded again (%s)',
    async (transport) => {
      const { packetlog, crowd } = await watched(
        ...['--transport', transport, '--sample', 'auto', '--ring-size', SMALL_RING],
      );
      const seen = await flood(OVERLOAD, packetlog);
      const { emitted, sampled_out, ring_full } = await settled(crowd, seen);
      expect(sampled_out).toBeGreaterThan(seen / 2);
      const [before] = await crowd.accounts();
      expect(before).toMatchObject({ received: emitted, dropped: 0, withheld: 0 });
      const { weights = 0, variance = 0 } = before ?? {};
      // Records lost in a full ring had been chosen before, 1 of 64.
      const estimate = weights + FULLEST * ring_full;
      const deviation = Math.sqrt(variance + FULLEST * (FULLEST - 1) * ring_full);
      expect(Math.abs(estimate - seen) / deviation).toBeLessThan(5);
      expect(deviation).toBeLessThan(seen / 50);

      const MORE = 1000;
      await generator.sendPaced(suite.network.link.client, MORE, MORE);
      expect(await settled(crowd, seen + MORE)).toMatchObject({ emitted: emitted + MORE, sampled_out, ring_full });
      const [after] = await crowd.accounts();
      expect(after).toMatchObject({ weights: weights + MORE, variance });
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    },
  );
});
