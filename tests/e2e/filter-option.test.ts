/** `--filter` over real packets. Needs root. */
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const COUNT = 1000;

describe.skipIf(!requireRoot())('--filter', () => {
  const suite = eachWithNetwork();

  const start = (...args: string[]) => suite.own(startPacketlog(suite.network.server, { args }));

  test('prints packets that match, and counts the others as filtered, not as lost', async () => {
    const { client, link } = suite.network;
    const { device } = link.server;
    const filter = `iface ${device} and src ${link.client.ipv4} and udp dst port (domain or 5000) and not deny`;
    const packetlog = start('--iface', device, '--print', 'json', '--listen', 'off', '--filter', filter);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(packetlog.stderr).not.toContain('Warning: --filter');
    const ports = [53, 443, 5000, 65_535];
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count: COUNT, sourcePorts: [40_001], ports });
    expect(sent).toBe(COUNT);
    await untilArrived(link.server, COUNT);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });

    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(new Set(records.map(({ dst_port }) => dst_port))).toEqual(new Set([53, 5000]));
    // Compared with the counts of the sender and of the interface.
    const { rx } = await link.server.counters();
    const { delivered, interfaces } = ledger;
    expect(delivered).toEqual({ console: records.length, filtered: rx.packets - records.length, dropped: 0 });
    expect([records.length, interfaces[device]?.seen]).toEqual([COUNT / 2, rx.packets]);
    expect(packetlog.stderr).toContain('500 printed, ');
  });

  test('that does not parse ends the loader at start, with a mark under the position', async () => {
    const packetlog = start('--filter', 'dst prot 443');
    expect((await packetlog.exited).code).toBe(2);
    expect(packetlog.stderr).toContain('"prot" at column 5: did you mean "port"?\n  dst prot 443\n      ^^^^\n');
  });

  test('that names an unwatched interface causes a warning', async () => {
    const packetlog = start('--iface', suite.network.link.server.device, '--listen', 'off', '--filter', 'iface eth99');
    await packetlog.untilPrinted(/Warning: --filter names eth99, which is not a watched interface/);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
  });
});
