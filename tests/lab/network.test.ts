/** Tests the lab itself: what it creates, counts and removes. Needs root. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { arp, ethernet, icmp, icmpv6, ipv4, ipv6, pattern, raw, tcp, udp } from './frame.ts';
import { guardLabName } from './lab-name.ts';
import { assertNothingLeft, type Inventory, takeInventory } from './leftovers.ts';
import { createNetwork, type Network } from './network.ts';
import { requireRoot } from './root.ts';
import { exchangeTcp, forwardPort, receiveUdp, sendFrames, sendUdp, startTcpEcho } from './traffic.ts';
import { until } from './until.ts';

test('names that are not the lab’s are rejected', () => {
  for (const name of ['eth0', 'plt-', 'plt-1', 'xplt-1.1-1', 'plt-1.1-1;ls', 'plt-a.1-1', 'plt-1-1', '']) {
    expect(() => guardLabName(name)).toThrow('not a namespace of the test lab');
  }
  expect(guardLabName('plt-1.1-1')).toBe('plt-1.1-1');
});

describe.skipIf(!requireRoot())('network', () => {
  let before: Inventory;
  let network: Network;
  beforeAll(async () => {
    before = await takeInventory();
  });
  afterEach(() => network.dispose());
  afterAll(() => assertNothingLeft(before));

  test('carries no packets before the test sends', async () => {
    network = await createNetwork({ links: 3 });
    for (const { client, server } of network.links) {
      expect((await server.counters()).rx.packets).toBe(0);
      expect((await client.counters()).rx.packets).toBe(0);
    }
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'datagrams arrive once each, and the interface saw no other packet: %s',
    async (family) => {
      network = await createNetwork();
      const address = network.link.server[family] as string;
      const receiver = await receiveUdp(network.server, address);
      const { sent, errors } = await sendUdp(network.client, {
        address,
        ports: [receiver.port],
        count: 2000,
        perSecond: 20_000,
      });
      expect({ sent, errors }).toEqual({ sent: 2000, errors: {} });
      await until(async () => (await receiver.received()).received === 2000, { what: '2000 datagrams' });
      expect(await receiver.received()).toEqual({ received: 2000, bytes: 2000 * 32, distinct: 2000 });
      expect((await network.link.server.counters()).rx.packets).toBe(2000);
    },
  );

  test('a sender needs no listener, and uses the requested ports', async () => {
    network = await createNetwork();
    const options = { address: network.link.server.ipv4, ports: [7, 9], sourcePorts: [40001, 40002], count: 500 };
    const { sent, sourcePorts } = await sendUdp(network.client, options);
    expect({ sent, sourcePorts }).toEqual({ sent: 500, sourcePorts: [40001, 40002] });
    expect((await network.link.server.counters()).rx.packets).toBe(500);
  });

  test.each(['ipv4', 'ipv6'] as const)('TCP connections work in both directions: %s', async (family) => {
    network = await createNetwork();
    const address = network.link.server[family] as string;
    const echo = await startTcpEcho(network.server, address);
    const done = await exchangeTcp(network.client, { address, port: echo.port, connections: 5, bytes: 100_000 });
    expect(done).toMatchObject({ connections: 5, echoed: 500_000 });
    expect(await echo.received()).toEqual({ connections: 5, bytes: 500_000 });
  });

  test('frames are sent unchanged', async () => {
    network = await createNetwork();
    const frames = [
      ethernet(arp()),
      ethernet(raw(0x88b5, pattern(46))),
      ethernet(ipv4({}, udp({ dst: 9 }, pattern(18)))),
    ];
    const { sent, errors } = await sendFrames(network.link.client, frames, { repeat: 100 });
    expect({ sent, errors }).toEqual({ sent: 300, errors: {} });
    const { rx } = await network.link.server.counters();
    expect(rx.packets).toBe(300);
    expect(rx.bytes).toBe(100 * frames.reduce((sum, frame) => sum + frame.length, 0));
  });

  test('the stack accepts the checksums of the frame builder', async () => {
    network = await createNetwork();
    const echo4 = ethernet(ipv4({}, icmp({ type: 8 }, pattern(40))));
    const echo6 = ethernet(ipv6({}, icmpv6({ type: 128 }, pattern(40))));
    const closed4 = ethernet(ipv4({}, tcp({ dst: 1 })));
    const closed6 = ethernet(ipv6({}, tcp({ dst: 1 })));
    for (const [i, frame] of [echo4, echo6, closed4, closed6].entries()) {
      await sendFrames(network.link.client, [frame]);
      // An echo reply or a reset: only a valid packet is answered.
      await until(async () => (await network.link.client.counters()).rx.packets === i + 1, { what: `answer ${i + 1}` });
    }
    const { port, received } = await receiveUdp(network.server, network.link.server.ipv6 as string);
    await sendFrames(network.link.client, [ethernet(ipv6({}, udp({ dst: port }, pattern(20))))]);
    await until(async () => (await received()).received === 1, { what: 'the built datagram' });
  });

  test('a server inside is reachable from outside through a forwarded port', async () => {
    network = await createNetwork();
    const echo = await startTcpEcho(network.server, '127.0.0.1');
    const forward = await forwardPort(network.server, echo.port, 0);
    const { connect } = await import('node:net');
    const socket = connect(forward.port, '127.0.0.1');
    socket.end('hello through the wall');
    let answer = '';
    for await (const data of socket) answer += String(data);
    expect(answer).toBe('hello through the wall');
    await forward.close();
  });

  test('a network without IPv6 has no IPv6 address', async () => {
    network = await createNetwork({ ipv6: false });
    expect(network.link.server.ipv6).toBeUndefined();
    expect(await network.server.exec('ip', '-6', 'address')).toBe('');
  });

  test('a jumbo MTU carries large frames', async () => {
    network = await createNetwork({ mtu: 9000 });
    const frame = ethernet(ipv4({}, udp({ dst: 9 }, pattern(8000))));
    expect(await sendFrames(network.link.client, [frame])).toMatchObject({ sent: 1 });
    expect((await network.link.server.counters()).rx.bytes).toBe(frame.length);
  });

  test('leftovers are listed, and disposing removes them with their processes', async () => {
    network = await createNetwork();
    network.server.spawn('sleep', ['1000']);
    await expect(assertNothingLeft(before, 100)).rejects.toThrow(`namespace ${network.server.name}`);
    await network.dispose();
    await assertNothingLeft(before);
  });
});
