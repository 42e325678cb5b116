/** More packets than the loader can read: every lost record is counted. Needs root. */
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

describe.skipIf(!requireRoot())('overload', () => {
  const suite = eachWithNetwork();

  test.each([
    ['array', 64],
    ['ring', 72],
    ['perf', 80],
  ])(
    'a stopped loader loses what the rings cannot hold, counts it, and reports when the loss began and ended (%s)',
    async (transport, stride) => {
      const { client, server, link } = suite.network;
      const ring = ['--ring-size', '64KiB', '--transport', transport, '--sample', 'off'];
      const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', ...ring];
      const packetlog = suite.own(startPacketlog(server, { args }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      process.kill(packetlog.pid, 'SIGSTOP');
      const COUNT = 20_000;
      const { sent } = await sendUdp(client, { address: link.server.ipv4, count: COUNT });
      expect(sent).toBe(COUNT);
      await untilArrived(link.server, COUNT);
      process.kill(packetlog.pid, 'SIGCONT');
      await packetlog.untilPrinted(/Records are being lost in the kernel/);
      await packetlog.untilPrinted(/No more records are lost in the kernel/);
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

      const { records, ledger } = readJsonOutput(packetlog.stdout);
      const counters = ledger.interfaces[link.server.device];
      expect(discrepancies(ledger)).toEqual([]);
      expect(counters?.seen).toBe(COUNT);
      expect(records.length + (counters?.ring_full ?? 0) + ledger.delivered.dropped).toBe(COUNT);
      // The capacity of both CPUs' rings, and the records that were read before the loader stopped.
      expect(counters?.ring_full).toBeGreaterThan(COUNT - 3 * (65_536 / stride));
      expect(counters?.ring_full).toBeLessThan(COUNT);
    },
  );

  test.each(['array', 'ring'])(
    'a ring that fills up is sampled, and the weights of its records add up to the packets (%s)',
    async (transport) => {
      const { client, server, link } = suite.network;
      const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--ring-size', '256KiB'];
      const packetlog = suite.own(startPacketlog(server, { args: [...args, '--transport', transport] }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      process.kill(packetlog.pid, 'SIGSTOP');
      const COUNT = 30_000;
      await sendUdp(client, { address: link.server.ipv4, count: COUNT });
      await untilArrived(link.server, COUNT);
      process.kill(packetlog.pid, 'SIGCONT');
      await packetlog.until(({ stdout }) => stdout.includes('"weight":4'), 'sampled records');
      // The reader has caught up: every packet is recorded again.
      await until(
        async () => {
          await sendUdp(client, { address: link.server.ipv4, count: 1, sourcePorts: [44_444] });
          return /"weight":1,"src_port":44444/.test(packetlog.stdout);
        },
        { what: 'a record of weight 1' },
      );
      const { rx } = await link.server.counters();
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

      const { records, ledger } = readJsonOutput(packetlog.stdout);
      const counters = ledger.interfaces[link.server.device];
      expect(discrepancies(ledger)).toEqual([]);
      expect(counters?.seen).toBe(rx.packets);
      expect(counters?.sampled_out).toBeGreaterThan(COUNT / 4);
      expect(records.length + (counters?.sampled_out ?? 0) + (counters?.ring_full ?? 0)).toBe(rx.packets);
      expect(new Set(records.map(({ weight }) => weight))).toContain(4);
      // Unbiased: within six standard deviations of a sum of weights up to 64, plus the records that the full ring lost.
      const weights = records.reduce((sum, { weight }) => sum + weight, 0);
      const deviation = Math.sqrt(records.reduce((sum, { weight }) => sum + weight * (weight - 1), 0));
      const missing = 64 * (counters?.ring_full ?? 0);
      expect(Math.abs(weights - rx.packets)).toBeLessThanOrEqual(6 * deviation + missing);
    },
  );

  test('--sample N records one packet in N, even while the ring has room', async () => {
    const { client, server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--sample', '8'];
    const packetlog = suite.own(startPacketlog(server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const COUNT = 8000;
    await sendUdp(client, { address: link.server.ipv4, count: COUNT });
    await untilArrived(link.server, COUNT);
    await packetlog.end('SIGINT');
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(records.every(({ weight }) => weight === 8)).toBe(true);
    expect(records.length + (ledger.interfaces[link.server.device]?.sampled_out ?? 0)).toBe(COUNT);
    // Within six standard deviations of the number recorded.
    expect(Math.abs(records.length - COUNT / 8)).toBeLessThan(6 * Math.sqrt((COUNT / 8) * (7 / 8)));
  });

  test('simulated loss is reported while it happens, and is in the sums', async () => {
    const { client, server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--simulate-loss', '7'];
    const packetlog = suite.own(startPacketlog(server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address: link.server.ipv4, count: 100 });
    await packetlog.untilPrinted(/Records are being lost in the loader.* [1-7] so far/);
    await packetlog.untilPrinted(/No more records are lost in the loader.*; 7 were lost/);
    await packetlog.end('SIGINT');
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(records).toHaveLength(93);
    expect(ledger.delivered).toEqual({ console: 93, dropped: 7 });
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('--count-only records nothing and reports that', async () => {
    const { client, server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--count-only'];
    const packetlog = suite.own(startPacketlog(server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address: link.server.ipv4, count: 500 });
    await untilArrived(link.server, 500);
    await packetlog.end('SIGINT');
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(records).toHaveLength(0);
    expect(discrepancies(ledger)).toEqual([]);
    expect(ledger.interfaces[link.server.device]).toMatchObject({
      seen: 500,
      permitted: 500,
      filtered_out: 500,
      emitted: 0,
    });
  });
});
