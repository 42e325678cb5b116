/** What a socket client receives: enough to verify its stream. Needs root. */
import {
  type ClientToServerEvents,
  type Hello,
  helloSchema,
  type Ledger,
  ledgerSchema,
  noticeSchema,
  PacketLogBatch,
  PROTOCOL_VERSION,
  type ServerToClientEvents,
  type Summary,
  summarySchema,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithNetwork } from './suite.ts';

interface Witness {
  socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  hello: Hello;
  records: number;
  sourcePorts: Set<number>;
  batches: PacketLogBatch[];
  ledgers: Ledger[];
  summaries: Summary[];
  notices: string[];
}

describe.skipIf(!requireRoot())('a socket client', () => {
  const suite = eachWithNetwork();
  const forwards: Forward[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    for (const forward of forwards.splice(0)) await forward.close();
  });

  async function serve(...args: string[]): Promise<{ packetlog: LabProcess; url: URL }> {
    const { server, link } = suite.network;
    const listen = ['--listen', '127.0.0.1:0', '--ui', 'off', '--iface', link.server.device];
    const packetlog = suite.own(startPacketlog(server, { args: [...listen, '--print', 'none', ...args] }));
    const [text] = await packetlog.untilPrinted(/http:\/\/\S+/);
    const url = new URL(text);
    forwards.push(await forwardPort(server, Number(url.port)));
    return { packetlog, url };
  }

  async function connect(url: URL): Promise<Witness> {
    const token = LAB_TOKEN;
    const socket: Witness['socket'] = io(url.origin, {
      transports: ['websocket'],
      auth: { token, protocol: PROTOCOL_VERSION },
      reconnection: false,
      forceNew: true,
    });
    sockets.push(socket as unknown as Socket);
    const witness: Omit<Witness, 'hello'> = {
      socket,
      records: 0,
      sourcePorts: new Set(),
      batches: [],
      ledgers: [],
      summaries: [],
      notices: [],
    };
    const batches = witness.batches;
    socket.on('packets', (bytes) => {
      const batch = PacketLogBatch.from(bytes);
      batches.push(batch);
      witness.records += batch.length;
      for (let i = 0; i < batch.length; i++) witness.sourcePorts.add(batch.srcPort(i));
    });
    socket.on('ledger', (ledger) => witness.ledgers.push(ledgerSchema.parse(ledger)));
    socket.on('summary', (summary) => witness.summaries.push(summarySchema.parse(summary)));
    socket.on('notice', (notice) => witness.notices.push(noticeSchema.parse(notice).code));
    const hello = await new Promise<Hello>((resolve, reject) => {
      socket.once('hello', resolve);
      socket.once('connect_error', reject);
    });
    return Object.assign(witness, { hello: helloSchema.parse(hello) });
  }

  test('receives hello, every requested row, exact sums, and a notice of the end', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await serve();
    const witness = await connect(url);
    expect(witness.hello).toMatchObject({
      protocol: PROTOCOL_VERSION,
      interfaces: [{ name: link.server.device, ifindex: link.server.ifindex, mode: 'native_frags', state: 'attached' }],
    });
    const subscribed = await witness.socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    expect(subscribed).toEqual({ ok: true, value: { max_rows_per_second: 1_000_000 } });

    const COUNT = 20_000;
    const { sent } = await sendUdp(client, {
      address: link.server.ipv4,
      count: COUNT,
      sourcePorts: [41_000, 41_001],
      ports: [53],
    });
    expect(sent).toBe(COUNT);
    const settled = () => {
      const last = witness.ledgers.at(-1);
      return last?.interfaces[0]?.counters.seen === COUNT && last.client.pending === 0 && last.ring.pending === 0
        ? last
        : undefined;
    };
    const ledger = await until(settled, { what: 'a ledger of all datagrams' });

    const counters = ledger.interfaces[0]?.counters;
    expect(counters?.seen).toBe((counters?.emitted ?? 0) + (counters?.ring_full ?? 0));
    expect(ledger.ring).toMatchObject({ offered: counters?.emitted, delivered: counters?.emitted });
    const { offered, delivered, dropped, withheld, pending } = ledger.queue;
    expect(offered).toBe(delivered + dropped + withheld + pending);
    expect(ledger.client.offered).toBe(ledger.client.delivered + ledger.client.dropped + ledger.client.withheld);
    expect(ledger.client.offered + ledger.queue.dropped).toBe(counters?.emitted);
    expect(witness.records).toBe(ledger.client.delivered);
    expect([...witness.sourcePorts].sort()).toEqual([41_000, 41_001]);

    expect(witness.batches.map(({ sequence }) => sequence)).toEqual([...witness.batches.keys()]);
    const last = witness.batches.at(-1);
    expect(last?.offered).toBe(witness.records + (last?.dropped ?? 0) + (last?.withheld ?? 0));

    const packets = witness.summaries.reduce((sum, { total }) => sum + total.packets, 0);
    expect(packets).toBe(COUNT);
    const busiest = witness.summaries.find(({ total }) => total.packets > 0);
    expect(busiest?.top_sources[0]?.addr).toBe(link.client.ipv4);
    expect(busiest?.top_ports[0]).toMatchObject({ ip_protocol: 17, port: 53 });

    await packetlog.end();
    expect(witness.notices).toContain('shutting_down');
  });

  test('with a row limit learns how many rows were withheld; another client receives all', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await serve();
    const modest = await connect(url);
    const greedy = await connect(url);
    await modest.socket.emitWithAck('subscribe', { max_rows_per_second: 100 });
    await greedy.socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    const COUNT = 5000;
    await sendUdp(client, { address: link.server.ipv4, count: COUNT });
    const settled = (witness: Witness) => witness.ledgers.at(-1)?.client.offered === COUNT;
    await until(() => settled(modest) && settled(greedy), { what: 'both ledgers' });
    expect(greedy.records).toBe(COUNT);
    const { delivered, withheld, dropped } = modest.ledgers.at(-1)?.client ?? { delivered: 0, withheld: 0, dropped: 0 };
    expect(delivered + withheld + dropped).toBe(COUNT);
    expect(modest.records).toBe(delivered);
    expect(modest.records).toBeLessThan(COUNT / 2);
    await packetlog.end();
  });

  test('that connects late is offered only later packets; a paused one receives no rows', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await serve();
    await sendUdp(client, { address: link.server.ipv4, count: 300 });
    const witness = await connect(url);
    await until(() => witness.ledgers.at(-1)?.interfaces[0]?.counters.seen === 300, { what: 'the first ledger' });
    await witness.socket.emitWithAck('subscribe', {});
    await sendUdp(client, { address: link.server.ipv4, count: 40 });
    await until(() => witness.records === 40, { what: '40 rows' });
    expect(await witness.socket.emitWithAck('pause', { paused: true })).toEqual({ ok: true, value: { paused: true } });
    await sendUdp(client, { address: link.server.ipv4, count: 60 });
    await until(() => witness.ledgers.at(-1)?.client.offered === 100, { what: 'the paused rows to be counted' });
    expect(witness.ledgers.at(-1)?.client).toMatchObject({ delivered: 40, withheld: 60, dropped: 0 });
    expect(witness.records).toBe(40);
    await packetlog.end();
  });

  test('learns under traffic of a renamed interface before the next report is due', async () => {
    const { client, server, link } = suite.network;
    await server.ip('link add other0 type veth peer name peer0');
    const { packetlog, url } = await serve('--iface', 'other0');
    const witness = await connect(url);
    const names = Array.from({ length: 10 }, (_, i) => `other${i}`);
    let isSending = true;
    const sending = (async () => {
      while (isSending) await sendUdp(client, { address: link.server.ipv4, count: 500, perSecond: 2000 });
    })();
    await until(() => witness.summaries.some(({ total }) => total.packets > 0), { what: 'a report of packets' });
    const before = witness.summaries.length;
    for (const [i, name] of names.slice(1).entries()) {
      await server.ip(`link set ${names[i]} name ${name}`);
      const isKnown = () => witness.ledgers.at(-1)?.interfaces.some((each) => each.name === name);
      await until(isKnown, { what: `a ledger with ${name}` });
    }
    const intervals = witness.summaries.slice(before).map(({ interval_ms }) => interval_ms);
    isSending = false;
    await sending;
    // A rename ends the interval; otherwise a report is due once a second.
    expect(Math.min(...intervals)).toBeLessThan(500);
    await packetlog.end();
    await server.ip('link delete peer0');
  });

  test('with a wrong token, or from a foreign page, is rejected', async () => {
    const { packetlog, url } = await serve();
    const attempt = (token: string, origin?: string) =>
      new Promise<string>((resolve) => {
        const socket = io(url.origin, {
          transports: ['websocket'],
          auth: { token },
          reconnection: false,
          forceNew: true,
          ...(origin === undefined ? {} : { extraHeaders: { Origin: origin } }),
        });
        sockets.push(socket);
        socket.once('connect', () => resolve('connected'));
        socket.once('connect_error', (error: Error & { data?: { code: string } }) =>
          resolve(error.data?.code ?? 'rejected'),
        );
      });
    const token = LAB_TOKEN;
    expect(await attempt('x'.repeat(43))).toBe('unauthorized');
    expect(await attempt(token, 'http://evil.example')).toBe('rejected');
    expect(await attempt(token, url.origin)).toBe('connected');
    expect(packetlog.stdout).toBe('');
    await packetlog.end();
    // Standard error is not a terminal here, and a journal may keep it.
    expect(packetlog.stderr).not.toContain(token);
    expect(packetlog.stderr).not.toContain(LAB_ADMIN_TOKEN);
    expect(packetlog.stderr).toMatch(/wrong token/);
  });
});
