/** A loader is killed, its program continues, and the next loader takes over: every packet is counted. Needs root. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { xdpOn } from '../lab/leftovers.ts';
import { LAB_TOKEN } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { startCrowd } from './crowd.ts';
import { eachWithPins } from './pinned.ts';

const RATE = 100_000;
const JSON_LINES = ['--print', 'json'];

/** Returns the ids of the XDP links that a process holds. */
function xdpLinks(pid: number): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  const infos = readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  const links = infos.filter((info) => /^link_type:\s*xdp$/m.test(info));
  return [...new Set(links.map((info) => /^link_id:\s*(\d+)$/m.exec(info)?.[1] ?? '?'))];
}

describe.skipIf(!requireRoot())('taking over', () => {
  const suite = eachWithPins({ ipv6: false, links: 2 });
  let generator: Generator;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());

  /** Sends at RATE, one second at a time. `enough` ends it after the current second and returns the number sent. */
  function sendUntilTold(): { enough: () => Promise<number> } {
    let wanted = true;
    const all = (async () => {
      let sent = 0;
      for (let second = 0; wanted && second < 60; second++) {
        sent += (await generator.sendPaced(suite.network.link.client, RATE, RATE)).sent;
      }
      return sent;
    })();
    return {
      enough: () => {
        wanted = false;
        return all;
      },
    };
  }

  const arrived = async () => (await suite.network.link.server.counters()).rx.packets;

  test.each(['array', 'ring', 'perf'])(
    'no packet is missed when a loader is killed under 100,000 packets per second: the next one has every sum (%s)',
    async (transport) => {
      const { server } = suite.network;
      const options = ['--print', 'none', '--transport', transport, '--ring-size', '64MiB', '--sample', 'off'];
      const first = await suite.started('--iface', 'server0', ...options);
      const program = (await xdpOn(server, 'server0'))?.prog?.id;
      const sending = sendUntilTold();
      await until(async () => (await arrived()) > RATE, { what: 'packets' });
      process.kill(first.pid, 'SIGKILL');
      await first.exited;
      const atDeath = await arrived();
      await until(async () => (await arrived()) > atDeath + RATE / 2, { what: 'packets without a loader' });
      expect((await xdpOn(server, 'server0'))?.prog?.id).toBe(program);

      const second = await suite.started(...options, '--ui', 'off', '--listen', '127.0.0.1:0');
      await second.untilPrinted(/Took over from a loader that ended, without a gap; \d+ records waited in its rings/);
      const after = await arrived();
      await until(async () => (await arrived()) > after + RATE / 2, { what: 'packets for the second loader' });
      const crowd = await startCrowd(server);
      const { origin } = new URL((await second.untilPrinted(/http:\/\/\S+/))[0]);
      const token = LAB_TOKEN;
      await crowd.ask('connect', { origin, token, count: 1, subscription: { max_rows_per_second: 1_000_000 } });
      const COUNT = await sending.enough();
      await until(async () => (await arrived()) === COUNT, { what: 'all packets' });
      const ledger = await until(
        async () => {
          const last = await crowd.ledger();
          return last?.interfaces[0]?.counters.seen === COUNT && last.ring.pending + last.queue.pending === 0 && last;
        },
        { what: 'a ledger of all packets' },
      );
      const counters = ledger.interfaces[0]?.counters;
      const { before = 0, ring, queue } = ledger;
      expect(counters).toMatchObject({ seen: COUNT, permitted: COUNT, sampled_out: 0, filtered_out: 0 });
      expect((counters?.emitted ?? 0) + (counters?.ring_full ?? 0)).toBe(COUNT);
      expect(before + ring.offered).toBe(counters?.emitted);
      expect(ring.delivered).toBe(ring.offered);
      expect(queue.offered).toBe(ring.delivered);
      expect(queue.delivered + queue.dropped + queue.withheld).toBe(queue.offered);
      if (transport === 'perf') {
        // Its buffers end with their reader: packets until the next reader are counted as lost.
        expect(counters?.ring_full).toBeGreaterThanOrEqual(RATE / 2);
      } else {
        expect(counters?.ring_full).toBe(0);
        // The rings kept the records while no reader ran.
        expect(ring.delivered).toBeGreaterThanOrEqual(COUNT - atDeath);
      }
      expect(await second.end('SIGINT')).toEqual({ code: 0, signal: null });
    },
  );

  test('while no loader runs, records are kept until the rings are full, then counted as lost', async () => {
    const { client, link } = suite.network;
    const ring = ['--ring-size', '64KiB', '--sample', 'off'];
    const first = await suite.started('--iface', 'server0', '--print', 'none', ...ring);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const SENT = 5000;
    await sendUdp(client, { address: link.server.ipv4, count: SENT });
    await untilArrived(link.server, SENT);
    const second = await suite.started(...JSON_LINES, ...ring);
    await second.end('SIGINT');
    const { records, ledger } = readJsonOutput(second.stdout);
    const counters = ledger.interfaces['server0'];
    const KEPT = 65_536 / 64;
    expect(counters?.seen).toBe(SENT);
    expect(counters?.ring_full).toBe(SENT - records.length);
    expect(records.length).toBeGreaterThanOrEqual(KEPT);
    expect(discrepancies(ledger)).toEqual([]);
    // The records were lost before this loader started, so it raises no notice.
    expect(second.stderr).not.toContain('being lost');
  });

  test('the first summary of the next loader contains only packets of its first second', async () => {
    const { client, link } = suite.network;
    const first = await suite.started('--iface', 'server0', '--print', 'none');
    await sendUdp(client, { address: link.server.ipv4, count: 3000 });
    expect(await first.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    for (let round = 1; round <= 3; round++) {
      const next = await suite.started(...JSON_LINES);
      await sendUdp(client, { address: link.server.ipv4, count: 100 });
      await untilArrived(link.server, 3000 + 100 * round);
      expect(await next.end('SIGTERM')).toEqual({ code: 0, signal: null });
      const { ledger } = readJsonOutput(next.stdout);
      expect(ledger.interfaces['server0']?.seen).toBe(3000 + 100 * round);
      expect(discrepancies(ledger)).toEqual([]);
      expect(next.stderr).toContain('The program stays on server0 and keeps running without the loader');
    }
  });

  test('the next loader keeps the interfaces of the earlier one, and adds new ones', async () => {
    const { client, server, links } = suite.network;
    const [near, far] = links.map((link) => link.server.ipv4) as [string, string];
    const first = await suite.started('--iface', 'server1', '--print', 'none');
    await sendUdp(client, { address: far, count: 20 });
    await first.end('SIGKILL');
    await sendUdp(client, { address: far, count: 30 });
    const second = await suite.started('--iface', 'server0', ...JSON_LINES);
    expect(second.stderr).toMatch(/Watching server1 .*\n.*Watching server0 /);
    await sendUdp(client, { address: near, count: 7 });
    await sendUdp(client, { address: far, count: 50 });
    await second.end('SIGKILL');
    expect([await xdpOn(server, 'server0'), await xdpOn(server, 'server1')]).not.toContain(undefined);
    const third = await suite.started(...JSON_LINES);
    await third.end('SIGTERM');
    const { ledger } = readJsonOutput(third.stdout);
    expect(ledger.interfaces).toMatchObject({ server0: { seen: 7 }, server1: { seen: 100 } });
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('an interface that disappeared and returned while no loader ran is watched again, in its slot', async () => {
    const { client, server } = suite.network;
    const first = await suite.started('--iface', 'server0,server1', '--print', 'none');
    await sendUdp(client, { address: '198.51.100.2', count: 20 });
    await first.end('SIGKILL');
    await server.ip('link delete server1');
    const second = await suite.started('--print', 'none');
    await client.ip(`link add client1 type veth peer name server1 netns ${server.name}`, 'link set client1 up');
    await server.ip('link set server1 up');
    await second.untilPrinted(/Interface server1 is back and watched again/);
    expect(await xdpOn(server, 'server1')).toBeDefined();
    await second.end('SIGKILL');
    const third = await suite.started(...JSON_LINES);
    await third.end('SIGTERM');
    const { ledger } = readJsonOutput(third.stdout);
    expect(ledger.interfaces['server1']?.seen).toBeGreaterThanOrEqual(20);
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('with another ring size the next loader creates new rings, reports the loss, and never detaches from the interface', async () => {
    const { client, link } = suite.network;
    const first = await suite.started('--iface', 'server0', '--print', 'none', '--ring-size', '1MiB');
    const before = xdpLinks(first.pid);
    await first.end('SIGKILL');
    await sendUdp(client, { address: link.server.ipv4, count: 10 });
    const second = await suite.started(...JSON_LINES, '--ring-size', '2MiB', '--transport', 'ring');
    await second.untilPrinted(
      /Rings, counters and levels of limits start empty.* records that waited in its rings are lost/,
    );
    expect(before).toHaveLength(1);
    expect(xdpLinks(second.pid)).toEqual(before);
    await sendUdp(client, { address: link.server.ipv4, count: 5 });
    await second.end('SIGKILL');
    await sendUdp(client, { address: link.server.ipv4, count: 6 });
    const third = await suite.started(...JSON_LINES, '--ring-size', '2MiB');
    await third.end('SIGTERM');
    const { ledger } = readJsonOutput(third.stdout);
    expect(ledger.interfaces['server0']?.seen).toBe(11);
    expect(discrepancies(ledger)).toEqual([]);
  });
});
