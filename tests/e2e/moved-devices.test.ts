/** Devices that move to another network namespace with the pinned program while no loader runs. Needs root. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNamespace, type Namespace } from '../lab/namespace.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

interface LinkEntry {
  ifname: string;
  ifindex: number;
  xdp?: { prog?: { id: number } };
}

const ELSEWHERE = [{ name: 'server0', why: 'the interface is in another network namespace now' }];

describe.skipIf(!requireRoot())('a device that moved, with its program, while no loader ran', () => {
  let pins: PinPlace;
  let place: RulesPlace;
  let elsewhere: Namespace;
  beforeEach(async () => {
    pins = await createPinPlace();
    const { env, ...made } = makeRulesPlace();
    place = { ...made, env: { ...env, PACKETLOG_PIN: 'always', PACKETLOG_BPFFS: pins.path } };
  });
  const suite = eachWithNetwork({ links: 2, ipv6: false });
  beforeEach(async () => {
    elsewhere = await createNamespace();
  });
  afterEach(async () => {
    await elsewhere.dispose();
    await pins.dispose();
    place.remove();
  });

  async function started(...args: string[]): Promise<LabProcess> {
    const all = [...args, '--print', 'json', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args: all, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function deny(name: string): Promise<void> {
    const link = suite.network.links.find(({ server }) => server.device === name);
    const source = link?.client.ipv4 ?? '';
    await done(place, 'add', { rule: { action: 'deny', source, protocol: 'udp', interface: name } });
  }

  const device = async (of: Namespace, name: string) =>
    (await of.ipJson<LinkEntry[]>('link')).find(({ ifname }) => ifname === name);

  /** Moves the device: there it gets the ifindex that server1 has here. */
  async function move(): Promise<void> {
    const { server, link, links } = suite.network;
    const number = links[1]?.server.ifindex ?? 0;
    for (let ifindex = 2; ifindex < number; ifindex++) {
      await elsewhere.ip(`link add name far${ifindex} index ${ifindex} type ifb`);
    }
    await server.ip(`link set server0 netns ${elsewhere.name}`);
    const moved = await device(elsewhere, 'server0');
    expect(moved).toMatchObject({ ifindex: number, xdp: { prog: { id: expect.any(Number) } } });
    await elsewhere.ip('link set server0 up', `address add ${link.server.ipv4}/24 dev server0`);
  }

  /** Checks that nothing is denied on it, and that it has no program. */
  async function expectFree(): Promise<void> {
    const { client, link } = suite.network;
    expect((await device(elsewhere, 'server0'))?.xdp).toBeUndefined();
    const receiver = await receiveUdp(elsewhere, link.server.ipv4, 9);
    await sendUdp(client, { address: link.server.ipv4, count: 4 });
    await until(async () => (await receiver.received()).received === 4, { what: 'datagrams there' });
  }

  test.each([
    ['the same maps', []],
    ['other maps', ['--ring-size', '2MiB']],
  ])('is released, and not mistaken for the device that has its ifindex here (%s)', async (_, options) => {
    const { client, links } = suite.network;
    const first = await started('--iface', 'server0,server1', '--ring-size', '1MiB');
    await deny('server0');
    await deny('server1');
    await first.end('SIGKILL');
    await move();
    // The rules command asks the kernel what is still enforced.
    const { stdout, stderr } = await rules(suite.network.server, place, 'list');
    expect(stderr).toMatch(/still enforces 2 rules on server1 \(/);
    expect(stdout).not.toContain('server1, server1');

    const second = await started(...(options.length > 0 ? options : ['--ring-size', '1MiB']));
    await second.untilPrinted(/Interface server0 left this network namespace/);
    const { in_force } = await listed(place);
    expect(in_force?.interfaces.map(({ name }) => name)).toEqual(['server1']);
    expect(in_force?.not_filtered).toEqual(ELSEWHERE);
    await expectFree();
    const far = links[1]?.server.ipv4 ?? '';
    await sendUdp(client, { address: far, count: 5 });
    await second.until(({ stdout }) => stdout.split('"deny"').length > 5, 'denied packets');
    expect(await second.end()).toEqual({ code: 0, signal: null });
    const { ledger } = readJsonOutput(second.stdout);
    expect(ledger.interfaces).toMatchObject({ server0: { seen: 0 }, server1: { seen: 5, denied: 5 } });
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('does not prevent the device with its ifindex here from being watched', async () => {
    const { client, links } = suite.network;
    const first = await started('--iface', 'server0');
    await first.end('SIGKILL');
    await move();
    expect((await rules(suite.network.server, place, 'list')).stderr).not.toMatch(/still enforces/);

    const second = await started('--iface', 'server1');
    await second.untilPrinted(/Interface server0 left this network namespace/);
    await deny('server1');
    const { in_force } = await listed(place);
    expect(in_force?.interfaces.map(({ name }) => name)).toEqual(['server1']);
    expect(in_force?.not_filtered).toEqual(ELSEWHERE);
    await expectFree();
    await sendUdp(client, { address: links[1]?.server.ipv4 ?? '', count: 3 });
    await second.until(({ stdout }) => stdout.split('"deny"').length > 3, 'denied packets');
    await second.end('SIGKILL');
    // Its pin was removed with it.
    const third = await started();
    expect((await listed(place)).in_force?.interfaces.map(({ name }) => name)).toEqual(['server1']);
    expect(third.stderr).not.toContain('left this network namespace');
    await third.end();
  });

  test('is replaced by another device with its name', async () => {
    const { server, client } = suite.network;
    const first = await started('--iface', 'server0');
    await deny('server0');
    await first.end('SIGKILL');
    await move();
    await client.ip(`link add client9 type veth peer name server0 netns ${server.name}`);
    const second = await started('--iface', 'server0');
    await second.untilPrinted(/Interface server0 left this network namespace/);
    const { in_force } = await listed(place);
    expect(in_force).toMatchObject({
      interfaces: [{ name: 'server0', ifindex: (await device(server, 'server0'))?.ifindex }],
    });
    expect(in_force?.not_filtered).toBeUndefined();
    await expectFree();
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });
});
