/** Devices that leave the network namespace, and packets of devices that are not watched. Needs root. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNamespace } from '../lab/namespace.ts';
import { untilUp } from '../lab/network.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

interface LinkEntry {
  ifname: string;
  ifindex: number;
  xdp?: { prog?: { id: number } };
}

describe.skipIf(!requireRoot())('devices that change', () => {
  const suite = eachWithNetwork({ links: 2, ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  async function started(...args: string[]): Promise<LabProcess> {
    const all = [...args, '--print', 'json', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args: all, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  const links = (of: { ipJson<T>(...args: string[]): Promise<T> }) => of.ipJson<LinkEntry[]>('link');

  test('a device that moves to another network namespace is released, whatever its ifindex there, and watched again when it returns', async () => {
    const { server, client, link } = suite.network;
    await using elsewhere = await createNamespace();
    // The ifindex of server0 is taken there, and the one it gets belongs to server1 here.
    const taken = Math.min(link.server.ifindex, suite.network.links[1]?.server.ifindex ?? 0);
    for (let ifindex = 2; ifindex <= taken; ifindex++) {
      await elsewhere.ip(`link add name far${ifindex} index ${ifindex} type ifb`);
    }
    const packetlog = await started('--iface', 'server0,server1');
    await done(place, 'add', { rule: { action: 'deny', source: link.client.ipv4, protocol: 'udp' } });
    await sendUdp(client, { address: link.server.ipv4, count: 5 });

    await server.ip(`link set server0 netns ${elsewhere.name}`);
    await packetlog.untilPrinted(/Interface server0 left this network namespace/);
    const moved = (await links(elsewhere)).find(({ ifname }) => ifname === 'server0');
    expect(moved?.ifindex).not.toBe(link.server.ifindex);
    expect(moved?.xdp).toBeUndefined();
    // Every list of rules reports it, and no rule for it counts as in force.
    await done(place, 'add', { rule: { action: 'deny', source: '198.51.100.9', interface: 'server0' } });
    const { rules, in_force } = await listed(place);
    expect(in_force?.interfaces.map(({ name }) => name)).toEqual(['server1']);
    expect(in_force?.not_filtered).toEqual([
      { name: 'server0', why: 'the interface is in another network namespace now' },
    ]);
    expect(rules[1]?.warning).toMatch(/^It is not in force: rules do not act on server0/);
    expect(await rulesDone(server, place, 'list')).toContain(
      'Not filtered: rules do not act on server0: the interface is',
    );
    // Packets there are no longer denied or counted.
    await elsewhere.ip('link set server0 up', `address add ${link.server.ipv4}/24 dev server0`);
    const receiver = await receiveUdp(elsewhere, link.server.ipv4, 9);
    await sendUdp(client, { address: link.server.ipv4, count: 4 });
    await until(async () => (await receiver.received()).received === 4, { what: 'datagrams there' });

    await elsewhere.ip(`link set server0 netns ${server.name}`);
    await packetlog.untilPrinted(/Interface server0 is back and watched again/);
    expect((await listed(place)).in_force?.not_filtered).toBeUndefined();
    await server.ip('link set server0 up', `address add ${link.server.ipv4}/24 dev server0`);
    await untilUp(client, link.client.device);
    await sendUdp(client, { address: link.server.ipv4, count: 3 });
    await packetlog.until(
      ({ stdout }) => stdout.split('\n').filter((line) => line.includes('"rule"')).length >= 8,
      'records',
    );
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(ledger.interfaces).toMatchObject({ server0: { seen: 8, denied: 8 }, server1: { seen: 0 } });
    expect(records.map((record) => record.interface)).toEqual(new Array(8).fill('server0'));
  });

  test('packets of an unwatched device are subject to rules for all interfaces, raise one notice, and are in the ledger', async () => {
    const { server, client, links: cables } = suite.network;
    const [first, second] = cables;
    if (!first || !second) throw new Error('two cables');
    const packetlog = await started('--iface', 'server0');
    const receiver = await receiveUdp(server, second.server.ipv4, 9);
    const [watched] = (await links(server)).filter(({ xdp }) => xdp);
    // Simulates a driver that runs the program for another device: its ifindex has no slot.
    const program = String(watched?.xdp?.prog?.id);
    await server.exec('bpftool', 'net', 'attach', 'xdpgeneric', 'id', program, 'dev', 'server1');
    try {
      await sendUdp(client, { address: second.server.ipv4, count: 6 });
      await packetlog.untilPrinted(/packets arrived on an interface that is not watched, server1 \(number \d+\)/);
      await until(async () => (await receiver.received()).received === 6, { what: 'datagrams' });
      await done(place, 'add', { rule: { action: 'deny', source: second.client.ipv4 } });
      await done(place, 'add', { rule: { action: 'permit', source: second.client.ipv4, interface: 'server0' } });
      await sendUdp(client, { address: second.server.ipv4, count: 4 });
      await packetlog.until(({ stdout }) => stdout.split('"deny"').length > 4, 'denied packets');
    } finally {
      await server.exec('bpftool', 'net', 'detach', 'xdpgeneric', 'dev', 'server1');
    }
    expect((await receiver.received()).received).toBe(6);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    expect(packetlog.stderr.match(/not watched/g)).toHaveLength(1);
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(ledger.interfaces).toMatchObject({ server0: { seen: 0 }, unwatched: { seen: 10, permitted: 6, denied: 4 } });
    expect(discrepancies(ledger)).toEqual([]);
    expect(records).toHaveLength(10);
  });

  test('an IFB is rejected with the reason; packets redirected to it are subject to rules where they arrived', async () => {
    const { server, client, link } = suite.network;
    await server.ip('link add ifb0 type ifb', 'link set ifb0 up');
    await server.exec('tc', 'qdisc', 'add', 'dev', 'server0', 'handle', 'ffff:', 'ingress');
    const all = ['parent', 'ffff:', 'protocol', 'ip', 'u32', 'match', 'u32', '0', '0'];
    const redirect = ['action', 'mirred', 'egress', 'redirect', 'dev', 'ifb0'];
    await server.exec('tc', 'filter', 'add', 'dev', 'server0', ...all, ...redirect);
    const args = ['--iface', 'ifb0', '--print', 'none', '--listen', 'off'];
    const rejected = suite.own(startPacketlog(server, { args, env: place.env }));
    expect((await rejected.exited).code).toBe(6);
    expect(rejected.stderr).toMatch(/watch ifb0: XDP never sees packets on an IFB.*watch another interface/);

    const packetlog = await started('--iface', 'server0');
    const receiver = await receiveUdp(server, link.server.ipv4, 9);
    await sendUdp(client, { address: link.server.ipv4, count: 3 });
    await until(async () => (await receiver.received()).received === 3, { what: 'redirected datagrams' });
    await done(place, 'add', { rule: { action: 'deny', source: link.client.ipv4, interface: 'server0' } });
    await sendUdp(client, { address: link.server.ipv4, count: 4 });
    await until(async () => (await listed(place)).rules[0]?.packets === 4, { what: 'hits of the rule' });
    expect((await receiver.received()).received).toBe(3);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
  });
});
