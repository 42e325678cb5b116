/** More than the loader can take: what is lost is counted, to the record. Needs root. */
import { describe, expect, test } from 'vitest';
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
    'a loader that stands still loses what the rings cannot hold, counts it, says when it began and ended (%s)',
    async (transport, stride) => {
      const { client, server, link } = suite.network;
      const ring = ['--ring-size', '64KiB', '--transport', transport];
      const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', ...ring];
      const packetlog = suite.own(startPacketlog(server, { args }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      process.kill(packetlog.pid, 'SIGSTOP');
      const COUNT = 20_000;
      const { sent } = await sendUdp(client, { address: link.server.ipv4, count: COUNT });
      expect(sent).toBe(COUNT);
      await until(async () => (await link.server.counters()).rx.packets === COUNT, { what: 'all datagrams to arrive' });
      process.kill(packetlog.pid, 'SIGCONT');
      await packetlog.untilPrinted(/Records are being lost in the kernel/);
      await packetlog.untilPrinted(/No more records are lost in the kernel/);
      expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

      const { records, ledger } = readJsonOutput(packetlog.stdout);
      const counters = ledger.interfaces[link.server.device];
      expect(discrepancies(ledger)).toEqual([]);
      expect(counters?.seen).toBe(COUNT);
      expect(records.length + (counters?.ring_full ?? 0) + ledger.delivered.dropped).toBe(COUNT);
      // What both CPUs' rings hold, and what was read before all stood still.
      expect(counters?.ring_full).toBeGreaterThan(COUNT - 3 * (65_536 / stride));
      expect(counters?.ring_full).toBeLessThan(COUNT);
    },
  );

  test('counting alone records nothing and says so', async () => {
    const { client, server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--count-only'];
    const packetlog = suite.own(startPacketlog(server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address: link.server.ipv4, count: 500 });
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
