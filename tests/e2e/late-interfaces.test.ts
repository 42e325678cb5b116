/** Interfaces that do not exist when the loader starts, as at boot. Needs root. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { done, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

describe.skipIf(!requireRoot())('interfaces that appear late', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  function start(...args: string[]): LabProcess {
    const all = [...args, '--wait-for-interfaces', '--print', 'json', '--listen', 'off'];
    return suite.own(startPacketlog(suite.network.server, { args: all, env: place.env }));
  }

  async function status(): Promise<{ code: number | null; stdout: string }> {
    const asked = suite.own(startProcess(suite.network.server, process.execPath, [PACKETLOG, 'status'], place.env));
    const { code } = await asked.exited;
    return { code, stdout: asked.stdout };
  }

  /** Adds a second cable whose ends are called late0; the server's end is still down. */
  async function addCable(): Promise<void> {
    const { client, server } = suite.network;
    const far = ['peer', 'name', 'late0', 'address', '02:00:00:00:0f:01', 'netns', client.name];
    await server.exec('ip', 'link', 'add', 'late0', 'address', '02:00:00:00:0f:02', 'type', 'veth', ...far);
    for (const [end, own, other] of [
      [client, 1, 2],
      [server, 2, 1],
    ] as const) {
      await end.exec('sysctl', '-q', '-w', 'net.ipv6.conf.late0.disable_ipv6=1');
      await end.ip(
        `address add 198.51.100.${own}/24 dev late0`,
        `neighbour replace 198.51.100.${other} lladdr 02:00:00:00:0f:0${other} dev late0`,
      );
    }
  }

  test('are reported, get their rules before they are up, and lose no packet', async () => {
    const { client, server } = suite.network;
    const packetlog = start('--iface', 'late0');
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(packetlog.stderr).toContain('Waiting for late0, which does not exist yet');
    await packetlog.untilPrinted(/Interface late0 does not exist yet/);
    expect(await status()).toMatchObject({ code: 1, stdout: expect.stringMatching(/^late0 +waiting/m) });
    await done(place, 'add', {
      rule: { action: 'deny', source: '198.51.100.1', protocol: 'udp', interface: 'late0' },
    });

    await addCable();
    await packetlog.untilPrinted(/Interface late0 has appeared and is watched/);
    // From here on, packets arrive as soon as the interface is up.
    await client.ip('link set late0 up');
    await server.ip('link set late0 up');
    const receiver = await receiveUdp(server, '198.51.100.2', 9);
    const { sent } = await sendUdp(client, { address: '198.51.100.2', count: 50 });
    await packetlog.until(({ stdout }) => stdout.split('"deny"').length > sent, 'a record of each packet');
    expect((await receiver.received()).received).toBe(0);
    expect((await status()).code).toBe(0);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    const { ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(ledger.interfaces).toMatchObject({ late0: { seen: sent, denied: sent } });
    await server.ip('link delete late0');
  });

  test('without --iface and without a default route, those of the last start are watched', async () => {
    const { server, link } = suite.network;
    const file = join(place.directory, 'interfaces.json');
    const failed = start();
    expect(await failed.exited).toEqual({ code: 5, signal: null });
    expect(failed.stderr).toContain('there is no default route');

    await server.ip(`route add default via ${link.client.ipv4}`);
    const first = start();
    await first.untilPrinted(/Watching server0/);
    await first.end();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ interfaces: ['server0'] });

    await server.ip('route delete default');
    const second = start();
    await second.untilPrinted(/Watching server0/);
    await server.ip(`route add default via ${link.client.ipv4}`);
    await second.end();
  });

  test('a loader that watches nothing ends when the default route uses another interface, so that a restart mends it', async () => {
    const { server, link } = suite.network;
    writeFileSync(join(place.directory, 'interfaces.json'), '{"interfaces":["before0"]}');
    const packetlog = start();
    await packetlog.untilPrinted(/Interface before0 does not exist yet/);
    await server.ip(`route add default via ${link.client.ipv4}`);
    expect(await packetlog.exited).toEqual({ code: 1, signal: null });
    expect(packetlog.stderr).toContain('the default route uses server0');
    const next = start();
    await next.untilPrinted(/Watching server0/);
    await next.end();
  });
});
