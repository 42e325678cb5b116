/**
 * Rules apply on every kind of network device: a socket behind it receives a datagram, or does not. Needs root.
 * tests/kernels has the devices that not every kernel has (bond, VLAN, WireGuard, ipip, PPP).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ethernet, ipv4, ipv6, pattern, pppoe, udp } from '../lab/frame.ts';
import { assertNothingLeft, type Inventory, takeInventory } from '../lab/leftovers.ts';
import { createNetwork, type Network } from '../lab/network.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendFrames, type UdpReceiver } from '../lab/traffic.ts';
import { openTun, type Tun } from '../lab/tun.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { done, listed, makeRulesPlace, type RulesPlace } from './rules-command.ts';

const COUNT = 3;
/** Port of the first network's receiver; each network has a different one. */
const PORT = 5300;
const portOf = (address: string) => PORT + Number(address.split('.')[2]);
/** Last byte of the source, in each device's network: denied, permitted, matching no rule. */
const [DENIED, PERMITTED, OTHER] = [5, 6, 7];
const MAC = '02:00:00:00:09:01';

interface Device {
  readonly name: string;
  /** The first three bytes of its network; the receiver has .1. */
  readonly network: string;
  readonly link: 'ethernet' | 'ip';
  readonly mode: string;
  send(source: string): Promise<unknown>;
}

const datagram = (src: string, dst: string) => ipv4({ src, dst }, udp({ dst: portOf(dst) }, pattern(8)));

describe.skipIf(!requireRoot())('rules on devices of every kind', () => {
  let before: Inventory;
  let network: Network;
  let place: RulesPlace;
  let packetlog: LabProcess;
  const tuns = new Map<string, Tun>();
  const receivers = new Map<string, UdpReceiver>();

  const frames = (source: string, target: string) =>
    Array.from({ length: COUNT }, () => ethernet(datagram(source, target), { dst: MAC }));
  const cable = (number: number, target: string) => (source: string) =>
    sendFrames((network.links[number] as (typeof network.links)[number]).client, frames(source, target));
  const tap = (name: string, target: string) => (source: string) =>
    tuns.get(name)?.write(frames(source, target)) as Promise<void>;

  const devices: readonly Device[] = [
    { name: 'server0', network: '10.9.0', link: 'ethernet', mode: 'generic', send: cable(0, '10.9.0.1') },
    {
      name: 'tun0',
      network: '10.9.1',
      link: 'ip',
      mode: 'generic',
      send: (source) =>
        tuns
          .get('tun0')
          ?.write(Array.from({ length: COUNT }, () => datagram(source, '10.9.1.1').bytes())) as Promise<void>,
    },
    { name: 'tap0', network: '10.9.2', link: 'ethernet', mode: 'native with frags', send: tap('tap0', '10.9.2.1') },
    { name: 'tap1', network: '10.9.3', link: 'ethernet', mode: 'native with frags', send: tap('tap1', '10.9.3.1') },
    // A port of a bridge: the bridge has the address.
    { name: 'server1', network: '10.9.4', link: 'ethernet', mode: 'generic', send: cable(1, '10.9.4.1') },
    { name: 'macvlan0', network: '10.9.5', link: 'ethernet', mode: 'generic', send: cable(2, '10.9.5.1') },
    {
      name: 'lo',
      network: '10.9.6',
      link: 'ethernet',
      mode: 'generic',
      send: async (source) => {
        const [lo] = await network.server.ipJson<{ ifindex: number }[]>('link', 'show', 'dev', 'lo');
        const end = { ...network.link.server, ifindex: lo?.ifindex ?? 0 };
        const looped = Array.from({ length: COUNT }, () =>
          ethernet(datagram(source, '10.9.6.1'), { dst: '00:00:00:00:00:00' }),
        );
        return sendFrames(end, looped);
      },
    },
  ];

  beforeAll(async () => {
    before = await takeInventory();
    network = await createNetwork({ links: 3, ipv6: false });
    place = makeRulesPlace();
    const { server } = network;
    await server.setSysctls({ 'net/ipv4/conf/all/rp_filter': 0, 'net/ipv4/conf/default/rp_filter': 0 });
    tuns.set('tun0', await openTun(server, { name: 'tun0', type: 'tun' }));
    tuns.set('tap0', await openTun(server, { name: 'tap0', type: 'tap' }));
    tuns.set('tap1', await openTun(server, { name: 'tap1', type: 'tap', nonblocking: true }));
    await server.ip(
      `link set tap0 address ${MAC} up`,
      `link set tap1 address ${MAC} up`,
      'link set tun0 up',
      `link set server0 address ${MAC}`,
      `link add bridge0 address ${MAC} type bridge`,
      'link set bridge0 up',
      'link set server1 master bridge0',
      `link add macvlan0 link server2 address ${MAC} type macvlan mode bridge`,
      'link set macvlan0 up',
      'address add 10.9.0.1/24 dev server0',
      'address add 10.9.1.1/24 dev tun0',
      'address add 10.9.2.1/24 dev tap0',
      'address add 10.9.3.1/24 dev tap1',
      'address add 10.9.4.1/24 dev bridge0',
      'address add 10.9.5.1/24 dev macvlan0',
      'address add 10.9.6.1/32 dev lo',
      'route add 10.9.6.0/24 dev server0',
    );
    for (const device of devices) {
      receivers.set(device.name, await receiveUdp(server, `${device.network}.1`, portOf(device.network)));
    }
    packetlog = startPacketlog(server, {
      args: [
        '--iface',
        devices.map(({ name }) => name).join(','),
        '--mode',
        'auto',
        '--print',
        'json',
        '--listen',
        'off',
      ],
      env: place.env,
    });
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    for (const { network: of } of devices) {
      await done(place, 'add', { rule: { action: 'deny', source: `${of}.${DENIED}` } });
      await done(place, 'add', { rule: { action: 'permit', source: `${of}.${PERMITTED}` } });
    }
  });
  afterAll(async () => {
    await packetlog?.dispose();
    for (const tun of tuns.values()) await tun.close();
    await network?.dispose();
    place?.remove();
    await assertNothingLeft(before);
  });

  const received = async (device: Device) => (await receivers.get(device.name)?.received())?.received ?? 0;

  /** Returns the hits of the rule for this source. */
  async function hits(source: string): Promise<number> {
    const { rules } = await listed(place);
    return rules.find((rule) => rule.source === source)?.packets ?? 0;
  }

  test.each(devices)('$name: a deny rule denies its source, and another source is permitted', async (device) => {
    const already = await received(device);
    await device.send(`${device.network}.${DENIED}`);
    await device.send(`${device.network}.${PERMITTED}`);
    await until(async () => (await received(device)) >= already + COUNT, { what: `datagrams from ${device.name}` });
    // The permitted datagrams were sent after the denied ones, on the same path: all have arrived.
    await until(async () => (await hits(`${device.network}.${DENIED}`)) === COUNT, { what: 'hits of the rule' });
    expect(await received(device)).toBe(already + COUNT);
  });

  test('with the default policy deny, only the permitted source passes, on every device', async () => {
    await done(place, 'policy', { default_policy: 'deny', force: true });
    try {
      for (const device of devices) {
        const already = await received(device);
        await device.send(`${device.network}.${OTHER}`);
        await device.send(`${device.network}.${PERMITTED}`);
        await until(async () => (await received(device)) >= already + COUNT, { what: `datagrams from ${device.name}` });
        expect(await received(device), device.name).toBe(already + COUNT);
      }
    } finally {
      await done(place, 'policy', { default_policy: 'permit', force: true });
    }
  });

  test('rules apply to IP inside a PPPoE session', async () => {
    const { link } = network;
    const session = (src: string) => ethernet(pppoe(datagram(src, '10.9.0.99')), { dst: MAC });
    const session6 = ethernet(pppoe(ipv6({}, udp({ dst: PORT }))), { dst: MAC });
    const source = `10.9.0.${DENIED}`;
    const already = await hits(source);
    await sendFrames(link.client, [session(source), session(source), session6]);
    await until(async () => (await hits(source)) === already + 2, { what: 'hits of the rule' });
  });

  test('records and ledger name the interface of every packet', async () => {
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    for (const { name, mode } of devices) expect(packetlog.stderr).toMatch(new RegExp(`Watching ${name} \\(${mode}`));
    expect(discrepancies(ledger)).toEqual([]);
    for (const device of devices) {
      const denied = records.filter(({ src_addr }) => src_addr === `${device.network}.${DENIED}`);
      const plain = denied.filter(({ dst_addr }) => dst_addr === `${device.network}.1`);
      expect(plain, device.name).toHaveLength(COUNT);
      for (const record of plain) {
        const length = datagram('10.0.0.1', '10.0.0.2').bytes().length + (device.link === 'ip' ? 0 : 14);
        expect(record).toMatchObject({
          interface: device.name,
          action: 'deny',
          ether_type: 0x0800,
          vlan_id: 0,
          dst_port: portOf(device.network),
          length,
        });
      }
      expect(ledger.interfaces[device.name]?.denied, device.name).toBeGreaterThanOrEqual(2 * COUNT);
    }
    expect(ledger.interfaces['unwatched']).toBeUndefined();
  });
});
