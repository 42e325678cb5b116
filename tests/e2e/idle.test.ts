/** A loader to which nothing happens does nothing, and misses nothing by it. Needs root. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { usage } from '../bench/lab.ts';
import { untilArrived } from '../lab/arrival.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const QUIET_MS = 2500;

/** Resolves when all its threads together woke once at most in two and a half seconds: what reports each second wakes more. */
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

describe.skipIf(!requireRoot())('with nothing to do and nobody connected', () => {
  const suite = eachWithNetwork({ links: 2 });

  for (const transport of ['array', 'ring', 'perf']) {
    test(`no thread wakes; the first packet after that, and an interface that goes, do wake it: ${transport}`, async () => {
      const { client, server, link } = suite.network;
      const args = ['--iface', 'server0,server1', '--print', 'json', '--ui', 'off', '--listen', '127.0.0.1:0'];
      const packetlog = suite.own(startPacketlog(server, { args: [...args, '--transport', transport] }));
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
    });
  }
});
