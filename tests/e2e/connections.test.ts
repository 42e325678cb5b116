/** Limits of verified connections with a running loader: what is counted, denied and kept. Needs root. */
import type { LimitLevels } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, TCP, tcp } from '../lab/frame.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendFrames, startTcpEcho, type TcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** The limit of these tests: at once, so many connections pass. */
const MOST = 5;
/** How long a connection may be without an answer: a denied one has none. */
const UNANSWERED_MS = 500;
const FORGED = 200;
/** How many connections may be pending, and more that are forged. */
const [PENDING, GIVEN_UP] = [16_384, 4000];
const [ADDRESSES_V4, ADDRESSES_V6] = [
  ['192.0.2.11', '192.0.2.12'],
  ['2001:db8::11', '2001:db8::12'],
] as const;

describe.skipIf(!requireRoot())('a limit of connections', () => {
  let pins: PinPlace;
  let place: RulesPlace;
  let echo: TcpEcho;
  beforeEach(async () => {
    pins = await createPinPlace();
    const { env, ...made } = makeRulesPlace();
    place = { ...made, env: { ...env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: pins.path } };
  });
  const suite = eachWithNetwork();
  beforeEach(async () => {
    const { client, server, link } = suite.network;
    for (const address of ADDRESSES_V4) await client.ip(`address add ${address}/24 dev ${link.client.device}`);
    for (const address of ADDRESSES_V4)
      await server.ip(`neighbour add ${address} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    for (const address of ADDRESSES_V6) await client.ip(`address add ${address}/64 dev ${link.client.device} nodad`);
    for (const address of ADDRESSES_V6)
      await server.ip(`neighbour add ${address} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    echo = await startTcpEcho(server, '::');
  });
  afterEach(async () => {
    await pins.dispose();
    place.remove();
  });

  async function started(): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function limited(...options: string[]): Promise<void> {
    const numbers = ['--protocol', 'tcp', '--rate', `${MOST}/h`, '--measure', 'connections', '--now'];
    await rulesDone(suite.network.server, place, 'add', 'limit', 'any', ...numbers, ...options);
    const { pending } = await listed(place);
    if (pending) await done(place, 'confirm', {});
  }

  /** Makes connections, each of which sends as soon as it is open. */
  const exchange = (connections: number) =>
    exchangeTcp(suite.network.client, {
      address: suite.network.link.server.ipv4,
      port: echo.port,
      connections,
      bytes: 100,
    });

  /** Whether a connection is answered. */
  const answered = async (localAddress: string = suite.network.link.client.ipv4): Promise<boolean> => {
    const address = localAddress.includes(':') ? suite.network.link.server.ipv6 : suite.network.link.server.ipv4;
    const agent = await suite.network.client.agent();
    return agent.ask('tryTcp', { address, port: echo.port, timeoutMs: UNANSWERED_MS, localAddress });
  };

  async function answers(count: number, localAddress?: string): Promise<number> {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (await answered(localAddress)) ? 1 : 0;
    return sum;
  }

  async function counted() {
    const [limit] = (await listed(place)).rules;
    const [seen, over] = [limit?.packets ?? 0, limit?.over_packets ?? 0];
    return { seen, over, passed: seen - over };
  }

  /** Waits until the limit has let this many connections pass. */
  const untilPassed = (passed: number) =>
    until(async () => ((await counted()).passed === passed ? counted() : undefined), {
      what: `${passed} connections of the limit`,
    });

  /** Frames in the name of others: sequence numbers are guessed. */
  const forged = (flags: number, options: { src?: string; port?: number; payload?: number[] } = {}) =>
    Array.from({ length: FORGED }, (_, i) =>
      ethernet(
        ipv4(
          { src: options.src ?? `203.0.113.${(i % 50) + 1}`, dst: suite.network.link.server.ipv4 },
          tcp(
            { src: options.port ?? 20_000 + i, dst: echo.port, flags, sequence: 1000 + i, acknowledgement: 77 },
            options.payload,
          ),
        ),
      ),
    );

  async function forge(frames: readonly Uint8Array[]): Promise<void> {
    expect((await sendFrames(suite.network.link.client, frames)).sent).toBe(frames.length);
  }

  test('counts each connection once, and nothing that is forged', async () => {
    await started();
    await limited('--burst', '1000');
    expect(await exchange(40)).toMatchObject({ connections: 40, echoed: 4000 });
    expect(await untilPassed(40)).toMatchObject({ seen: 40, over: 0 });

    await forge(forged(TCP.syn));
    await forge(forged(TCP.ack | TCP.psh, { payload: [...Buffer.from('GET / HTTP/1.0\r\n\r\n')] }));
    await forge(forged(TCP.syn | TCP.ack));
    await forge(forged(TCP.ack | TCP.fin));
    await forge(forged(TCP.rst));
    // After them, over the same cable.
    await exchange(1);
    expect(await untilPassed(41)).toMatchObject({ seen: 41, over: 0 });
  });

  test('counts a live connection once, although SYN are forged in its name, and leaves it alone', async () => {
    await started();
    await limited('--burst', '1000', '--enforce');
    const agent = await suite.network.client.agent();
    const { ipv4: address } = suite.network.link.server;
    const localPort: number = await agent.ask('holdTcp', { address, port: echo.port });
    const works = () => agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS });
    expect(await works()).toBe(true);
    expect(await untilPassed(1)).toMatchObject({ seen: 1, over: 0 });
    await forge(forged(TCP.syn, { src: suite.network.link.client.ipv4, port: localPort }));
    expect(await works()).toBe(true);
    await exchange(1);
    expect(await untilPassed(2)).toMatchObject({ seen: 2, over: 0 });
  });

  test('makes no source over by forged SYN, and denies what is over it', async () => {
    await started();
    await limited('--enforce');
    const agent = await suite.network.client.agent();
    const { ipv4: address } = suite.network.link.server;
    const localPort: number = await agent.ask('holdTcp', { address, port: echo.port });
    expect(await agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS })).toBe(true);
    expect(await answers(MOST - 1)).toBe(MOST - 1);
    await forge(forged(TCP.syn, { src: suite.network.link.client.ipv4 }));
    expect(await untilPassed(MOST)).toMatchObject({ seen: MOST, over: 0 });

    expect(await answers(2)).toBe(0);
    const { over } = await untilPassed(MOST);
    // The request of one connection, and the SYN of the other.
    expect(over).toBeGreaterThanOrEqual(2);
    // Connections that are open, and other sources.
    expect(await agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS })).toBe(true);
    expect(await answers(1, ADDRESSES_V4[0])).toBe(1);
  });

  test('says how many connections it gave up before they were verified', async () => {
    await started();
    await limited('--burst', '1000');
    const evicted = async () => {
      const top = startPacketlog(suite.network.server, { args: ['limits', 'top', '--json'], env: place.env });
      expect(await top.exited).toEqual({ code: 0, signal: null });
      return (JSON.parse(top.stdout) as LimitLevels).evicted_connections ?? -1;
    };
    expect(await evicted()).toBe(0);
    const { ipv4: dst } = suite.network.link.server;
    const syn = (_: unknown, i: number) =>
      ethernet(ipv4({ src: `203.0.113.${(i % 50) + 1}`, dst }, tcp({ src: 1000 + i, dst: 443, flags: TCP.syn })));
    await forge(Array.from({ length: PENDING + GIVEN_UP }, syn));
    const least = async () => (await evicted()) >= GIVEN_UP;
    await until(least, { what: `${GIVEN_UP} connections to be given up` });
    expect(await evicted()).toBeLessThan(PENDING);
    // It still counts.
    await exchange(3);
    expect(await untilPassed(3)).toMatchObject({ seen: 3, over: 0 });
  });

  test('passes and marks everything while it observes', async () => {
    await started();
    await limited();
    expect(await exchange(MOST + 3)).toMatchObject({ echoed: (MOST + 3) * 100 });
    // Of the first that is over its request, of the others also the SYN.
    expect(await untilPassed(MOST)).toMatchObject({ over: 5 });
  });

  test('shows which sources are over, and how full the others are', async () => {
    await started();
    await limited('--enforce', '--now', '--then', 'ban:1h..24h');
    expect(await answers(MOST + 2)).toBe(MOST);
    expect(await answers(1, ADDRESSES_V4[0])).toBe(1);
    await untilPassed(MOST + 1);
    const top = startPacketlog(suite.network.server, { args: ['limits', 'top', '--json'], env: place.env });
    expect(await top.exited).toEqual({ code: 0, signal: null });
    const [limit] = (JSON.parse(top.stdout) as LimitLevels).limits;
    expect(limit).toMatchObject({ followed: 2, over: 1, evicted: 0 });
    expect(limit?.top.map(({ bucket, is_over }) => [bucket, is_over])).toEqual([
      [suite.network.link.client.ipv4, true],
      [ADDRESSES_V4[0], false],
    ]);
  });

  test('with a block denies new connections for its time, and none that is open', async () => {
    await started();
    await limited('--enforce', '--now', '--then', 'block:10m');
    const agent = await suite.network.client.agent();
    const { ipv4: address } = suite.network.link.server;
    const localPort: number = await agent.ask('holdTcp', { address, port: echo.port });
    const works = () => agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS });
    expect(await works()).toBe(true);
    expect(await answers(MOST + 1)).toBe(MOST - 1);
    expect([await works(), await answered()]).toEqual([true, false]);
    expect(await answers(1, ADDRESSES_V4[0])).toBe(1);
  });

  test('counts connections also while another limit denies their packets', async () => {
    await started();
    await done(place, 'add', {
      rule: { action: 'limit', source: 'any', protocol: 'tcp', rate: '30/h', enforce: true },
      now: true,
    });
    await done(place, 'confirm', {});
    await limited('--burst', '1000');
    await answers(12);
    // All packets of the connections that were opened, at most 45, each of which has three or more.
    const opened = (await echo.received()).connections;
    expect(opened).toBeGreaterThan(4);
    expect(opened).toBeLessThan(12);
    const connections = async () =>
      (await listed(place)).rules.find(({ measure }) => measure === 'connections')?.packets;
    await until(async () => (await connections()) === opened, { what: `${opened} connections` });
  });

  test('has one bucket for an IPv6 /64', async () => {
    await started();
    await limited('--enforce');
    expect(await answers(3, ADDRESSES_V6[0])).toBe(3);
    expect(await answers(4, ADDRESSES_V6[1])).toBe(2);
    expect((await untilPassed(MOST)).over).toBeGreaterThan(0);
  });

  test('keeps its levels and denied connections when the loader is killed, and its successor counts on', async () => {
    const first = await started();
    await limited('--enforce');
    await done(place, 'add', { rule: { action: 'deny', source: '198.51.100.0/24' } });
    const agent = await suite.network.client.agent();
    const { ipv4: address } = suite.network.link.server;
    expect(await answers(MOST)).toBe(MOST);
    const localPort: number = await agent.ask('holdTcp', { address, port: echo.port });
    const works = () => agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS });
    expect(await works()).toBe(false);

    await first.end('SIGKILL');
    expect(await works()).toBe(false);
    expect(await answered()).toBe(false);
    await started();
    expect(await works()).toBe(false);
    expect(await answered()).toBe(false);
    expect((await counted()).passed).toBe(MOST);
  });

  test('is rejected with the reason where connections cannot be verified, or a forged source could be banned', async () => {
    await started();
    const add = async (...options: string[]) =>
      (await rules(suite.network.server, place, 'add', 'limit', 'any', '--rate', '20/min', ...options)).stderr;
    expect(await add('--measure', 'connections', '--protocol', 'udp')).toContain(
      'Only connections of TCP are verified',
    );
    expect(await add('--measure', 'syn', '--then', 'ban:1h')).toContain('A forged source could be banned');
    expect(await add('--measure', 'connections', '--per', 'rule', '--then', 'ban:1h')).toContain(
      'Only a source can be banned',
    );
    const ssh = ['--protocol', 'tcp', '--port', '22', '--measure', 'connections', '--then', 'ban:1h..24h'];
    expect(await rulesDone(suite.network.server, place, 'add', 'limit', 'any', '--rate', '20/min', ...ssh)).toContain(
      'limit any source to tcp port 22 to 20 connections/min per source (/64), then ban for 1 h, up to 24 h [observing]',
    );
  });
});
