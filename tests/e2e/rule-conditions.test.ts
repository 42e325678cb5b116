/** Rules that match TCP flags, destination, length and fragments, with real packets. Needs root. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, TCP, tcp } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, receiveUdp, sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const COUNT = 20;
/** A datagram of this size needs three packets of 1,500 bytes. */
const FRAGMENTED = 3000;
const LATER_FRAGMENTS = 2;

describe.skipIf(!requireRoot())('a rule with a condition', () => {
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  const suite = eachWithNetwork({ ipv6: false });
  afterEach(() => place.remove());

  async function started(): Promise<void> {
    const args = ['--iface', 'server0', '--print', 'none', '--listen', 'off', '--pin', 'never'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  }

  /** Adds a rule, whose id is 1, and returns what the command says about it. */
  async function add(...rule: string[]): Promise<string> {
    await rulesDone(suite.network.server, place, 'add', ...rule);
    // For any source, it must be confirmed.
    if (rule.includes('any')) await done(place, 'confirm', {});
    return rulesDone(suite.network.server, place, 'list');
  }

  const packetsAre = (packets: number) =>
    until(async () => (await listed(place)).rules[0]?.packets === packets, { what: `${packets} packets of the rule` });

  /** Returns how many datagrams of `payloadBytes` arrive at the address. The last to arrive is one of 32 bytes at `control`. */
  async function arrived(address: string, payloadBytes: number): Promise<number> {
    const { server, client, link } = suite.network;
    const receiver = await receiveUdp(server, address);
    const control = await receiveUdp(server, link.server.ipv4);
    const { sent } = await sendUdp(client, { address, ports: [receiver.port], count: COUNT, payloadBytes });
    expect(sent).toBe(COUNT);
    await sendUdp(client, { address: link.server.ipv4, ports: [control.port], count: 1 });
    await until(async () => (await control.received()).received === 1, { what: 'the datagram after them' });
    return (await receiver.received()).received;
  }

  test('denies a NULL scan, and no packet of a connection', async () => {
    await started();
    const { server, client, link } = suite.network;
    const dst = link.server.ipv4;
    const echo = await startTcpEcho(server, dst);
    expect(await add('deny', 'any', '--protocol', 'tcp', '--tcp-flags', 'none')).toContain(
      'any source with tcp, no flags',
    );
    const frame = (flags: number) => ethernet(ipv4({ src: link.client.ipv4, dst }, tcp({ dst: echo.port, flags })));
    const frames = [0, TCP.fin, 0, TCP.fin | TCP.psh | TCP.urg, 0].map(frame);
    expect((await sendFrames(link.client, frames)).sent).toBe(frames.length);
    const { echoed } = await exchangeTcp(client, { address: dst, port: echo.port, bytes: 10_000 });
    expect(echoed).toBe(10_000);
    await packetsAre(3);

    await rulesDone(server, place, 'edit', '1', '--tcp-flags', 'syn,!ack');
    await done(place, 'confirm', {});
    const opening = [TCP.syn, TCP.ack, TCP.syn | TCP.ack, TCP.syn | TCP.ece | TCP.cwr].map(frame);
    expect((await sendFrames(link.client, opening)).sent).toBe(opening.length);
    await packetsAre(3 + 2);
  });

  test('denies what is sent to one address of this machine', async () => {
    await started();
    const [first, second] = [suite.network.link.server.ipv4, '192.0.2.77'];
    const source = suite.network.link.client.ipv4;
    await suite.network.server.ip(`address add ${second}/24 dev server0`);
    expect(await add('deny', source, '--destination', second)).toContain(`${source} to ${second}`);
    expect(await arrived(first, 32)).toBe(COUNT);
    expect(await arrived(second, 32)).toBe(0);
    await packetsAre(COUNT);
    const other = await rules(suite.network.server, place, 'add', 'deny', source, '--destination', '192.0.2.7/24');
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('write 192.0.2.0/24') });
  });

  test('denies long frames', async () => {
    await started();
    const address = suite.network.link.server.ipv4;
    const source = suite.network.link.client.ipv4;
    // 14 + 20 + 8 bytes of headers.
    expect(await add('deny', source, '--protocol', 'udp', '--length', '542-65535')).toContain(
      'frames of 542 bytes or more',
    );
    expect(await arrived(address, 499)).toBe(COUNT);
    expect(await arrived(address, 500)).toBe(0);
    await packetsAre(COUNT);
  });

  test('denies later fragments, without which a datagram does not arrive', async () => {
    await started();
    const address = suite.network.link.server.ipv4;
    expect(await arrived(address, FRAGMENTED)).toBe(COUNT);
    expect(await add('deny', 'any', '--fragment')).toContain('later fragments only');
    expect(await arrived(address, FRAGMENTED)).toBe(0);
    expect(await arrived(address, 32)).toBe(COUNT);
    await packetsAre(COUNT * LATER_FRAGMENTS);
    await rulesDone(suite.network.server, place, 'edit', '1', '--no-fragment', '--protocol', 'icmp');
    expect(await arrived(address, FRAGMENTED)).toBe(COUNT);
  });
});
