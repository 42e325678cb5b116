/** An idle loader does not wake up, and still reports the next event. Needs root. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usage } from '../bench/lab.ts';
import { untilArrived } from '../lab/arrival.ts';
import { assertNothingLeft, type Inventory, takeInventory } from '../lab/leftovers.ts';
import { createNetwork } from '../lab/network.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';

const QUIET_MS = 2500;

/**
 * Resolves when all threads of core and server together woke at most once in 2.5 s, half the time between two pings of
 * the server: a report each second wakes them more often.
 */
async function untilAsleep({ pid }: LabProcess): Promise<void> {
  await until(
    async () => {
      const before = usage(pid).sleeps;
      await delay(QUIET_MS);
      return usage(pid).sleeps - before <= 1;
    },
    { what: 'all threads to sleep' },
  );
}

describe.skipIf(!requireRoot())('without packets and clients', () => {
  let before: Inventory;
  beforeAll(async () => {
    before = await takeInventory();
  });
  afterAll(() => assertNothingLeft(before));

  // In parallel, each in a separate network: they only wait.
  test.concurrent.each(['array', 'ring', 'perf'])(
    'between two pings of the server, no thread wakes until a packet arrives or an interface disappears: %s',
    async (transport) => {
      await using network = await createNetwork({ links: 2 });
      const { client, server, link } = network;
      const args = ['--iface', 'server0,server1', '--print', 'json', '--ui', 'off', '--listen', '127.0.0.1:0'];
      await using packetlog = startPacketlog(server, { args: [...args, '--transport', transport] });
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      await untilAsleep(packetlog);
      await sendUdp(client, { address: '192.0.2.2', count: 1 });
      await until(() => packetlog.stdout.includes('"dst_port":9'), { what: 'the packet' });
      await untilAsleep(packetlog);
      await server.ip('link delete server1');
      await packetlog.untilPrinted(/Interface server1 is gone/);
      await untilAsleep(packetlog);
      await sendUdp(client, { address: '192.0.2.2', count: 3 });
      await untilArrived(link.server, 4);
      await packetlog.end();
      const { records, ledger } = readJsonOutput(packetlog.stdout);
      expect(records).toHaveLength(4);
      expect(ledger.interfaces['server0']?.seen).toBe(4);
    },
  );
});
