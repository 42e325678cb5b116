/** A client, with a token or without, can make the server keep and do only a bounded amount. */
import { connect } from 'node:net';
import { type Acknowledgement, rejectionSchema } from '@packetlog/common';
import { describe, expect, it, vi } from 'vitest';
import {
  ADMIN_TOKEN,
  eachWithServer,
  HOST,
  once,
  settled,
  TOKEN,
  whenRead,
  wire,
} from '../../test/support/server-fixture.ts';

const on = eachWithServer();
const admin = { auth: { token: TOKEN, admin_token: ADMIN_TOKEN } };

/** Bytes for this client that the kernel has not taken. */
const kept = (at = 0) => on.accepted[at]?.writableLength ?? 0;

describe('pings', () => {
  it('that are not read cost one pong at most, for any number of pings', async () => {
    const { socket } = await on.connected();
    await settled(socket);
    wire(socket).pause();
    // More pongs than the socket buffers of both sides hold.
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 5000; i++) wire(socket).ping('x'.repeat(125));
      await whenRead(on, socket);
      expect(kept()).toBeLessThan(200);
    }
    expect(socket.connected).toBe(true);
  });

  it('are answered in order while they are read; the newest is always answered', async () => {
    const { socket } = await on.connected();
    const pongs: string[] = [];
    wire(socket).on('pong', (data) => pongs.push(String(data)));
    wire(socket).ping('first');
    await vi.waitUntil(() => pongs.length > 0);
    for (let i = 0; i < 1000; i++) wire(socket).ping(String(i));
    await vi.waitUntil(() => pongs.at(-1) === '999');
    expect(pongs[0]).toBe('first');
  });
});

describe('a connection without a token', () => {
  const upgrade = () =>
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${HOST}:${on.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  /** Masked with zeros, which leaves the payload unchanged. */
  const frame = (opcode: number, payload: string) =>
    Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload)]);

  it.each([
    ['pings', 9, 'x'.repeat(100)],
    ['wrong tokens', 1, '40{"token":"a-wrong-token"}'],
    ['namespaces that do not exist', 1, '40/admin,'],
    ['nothing that is understood', 1, '3'.repeat(100)],
    ['pieces of a message that never ends', 0, 'x'.repeat(100)],
  ])('that floods the server with %s is closed after a few kilobytes', async (_, opcode, payload) => {
    const socket = connect(on.port, HOST);
    socket.on('error', () => {});
    socket.write(upgrade());
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => frame(opcode, payload)));
    socket.write(flood);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    // One more piece may have been in transit.
    expect(on.accepted[0]?.bytesRead).toBeLessThan(200_000);
    expect(await on.attempt({})).toBe('connected');
  });
});

describe('a client with the read-only token', () => {
  const MESSAGE = '4';
  const sent = (socket: Awaited<ReturnType<typeof on.connected>>['socket'], packet: string) =>
    wire(socket).send(MESSAGE + packet);

  it.each([
    ['another namespace, whose answer would echo its name', `0/${'x'.repeat(60_000)},`],
    ['a second CONNECT, which would be another client', `0${JSON.stringify({ token: TOKEN })}`],
    ['an event for another namespace', '2/x,["a"]', false],
  ])('is disconnected after %s', async (_, packet, isEndedByUs = true) => {
    const { socket } = await on.connected();
    const gone = once(socket, 'disconnect');
    sent(socket, packet);
    if (isEndedByUs) await gone;
    expect(await on.attempt({})).toBe('connected');
  });

  it.each([
    ...['history:top', 'history', 'subscribe', 'pause', 'names:reverse', 'rules:list'],
    ...['past:facts', 'past:rates', 'past:top', 'past:rows', 'past:first_seen', 'past:learn'],
  ])(
    'gets an answer to %s with objects that cannot be converted, and other clients are not affected',
    async (event) => {
      const { socket } = await on.connected();
      const odd = { toString: 1, valueOf: 1, toJSON: 1 };
      const answer = await socket.emitWithAck(event, {
        from_ms: odd,
        to_ms: odd,
        filter: odd,
        paused: odd,
        max_steps: odd,
        limit: odd,
        before: odd,
        addresses: odd,
        sources: odd,
      });
      expect(answer).toHaveProperty('ok');
      expect(await on.attempt({})).toBe('connected');
    },
  );
});

describe('rules', () => {
  it('are encoded once for all clients that connect and request them between two changes', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => on.connected()));
    for (const { socket } of clients) await socket.emitWithAck('rules:list', {});
    // One more when a second has passed.
    expect(on.snapshots).toBeLessThanOrEqual(2);
    expect(on.asked.length).toBeLessThanOrEqual(2);
    const before = on.asked.length;
    on.server.rulesChanged();
    const first = clients[0]?.socket as (typeof clients)[0]['socket'];
    expect(await first.emitWithAck('rules:list', {})).toMatchObject({ ok: true, value: 'list' });
    expect(on.asked).toHaveLength(before + 1);
    on.server.ruleCounters([]);
    await first.emitWithAck('rules:list', {});
    expect(on.asked).toHaveLength(before + 2);
  });

  it('are listed only for an empty request', async () => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck('rules:list', { x: 1 })).toMatchObject({ value: 'list' });
    expect(on.asked).toMatchObject([['list', { x: 1 }, {}]]);
  });

  it('are cancelled when the client disconnects', async () => {
    const { socket } = await on.connected();
    socket.emit('rules:test', { seconds: 3600 });
    await vi.waitUntil(() => on.asked.length === 1);
    const [[, , caller]] = on.asked as [[string, unknown, { gone: AbortSignal }]];
    expect(caller.gone.aborted).toBe(false);
    socket.disconnect();
    await vi.waitUntil(() => caller.gone.aborted);
  });

  it('cost what they take: audit and dry runs are rejected sooner than cheap requests, and admins are not limited', async () => {
    const { socket } = await on.connected();
    const ask = (event: string, count: number, from = socket) =>
      Promise.all(Array.from({ length: count }, () => from.emitWithAck(event, {}) as Promise<{ ok: boolean }>));
    const done = (answers: { ok: boolean }[]) => answers.filter(({ ok }) => ok).length;
    expect(done(await ask('rules:audit', 20))).toBe(2);
    on.skew += 10_000;
    expect(done(await ask('rules:test', 20))).toBe(3);
    const other = await on.connected(admin);
    expect(done(await ask('rules:confirm', 100, other.socket))).toBe(100);
  });
});

it('rejects costly requests with a retry time, as a number and in the message', async () => {
  const { socket } = await on.connected();
  on.frozenAt = performance.now();
  const ask = () => socket.emitWithAck('history', { step_ms: 1000 }) as Promise<Acknowledgement<unknown>>;
  const answers = await Promise.all(Array.from({ length: 21 }, ask));
  const rejected = answers.flatMap((answer) => (answer.ok ? [] : [rejectionSchema.parse(answer.error)]));
  expect(rejected).toMatchObject([{ code: 'invalid', message: expect.stringContaining('Retry in 1 s.') }]);
  on.frozenAt += rejected[0]?.retry_after_ms ?? 0;
  expect(await ask()).toMatchObject({ ok: true });
});

it('answers a flood of costly questions a little in each turn of the event loop, so that rows are sent in between', async () => {
  const { top } = on.history;
  let answered = 0;
  on.history.top = (...range) => {
    answered++;
    // Longer than all questions together may take in one turn.
    for (const from = performance.now(); performance.now() < from + 2; );
    return top.apply(on.history, range);
  };
  const clients = await Promise.all(Array.from({ length: 20 }, () => on.connected()));
  let isOver = false;
  const turns: number[] = [];
  const count = () => {
    turns.push(answered);
    if (!isOver) setImmediate(count);
  };
  count();
  const range = { from_ms: 0, to_ms: 1 };
  await Promise.all(
    clients.flatMap(({ socket }) => Array.from({ length: 10 }, () => socket.emitWithAck('history:top', range))),
  );
  isOver = true;
  expect(answered).toBe(200);
  const most = Math.max(...turns.map((number, i) => number - (turns[i - 1] ?? 0)));
  // One in the turn's share, and one before, when the first question arrives.
  expect(most).toBeLessThanOrEqual(2);
});

it('stops reading from a client that continues after rejections, until its budget has recovered', async () => {
  const { socket } = await on.connected();
  const ask = () => socket.emitWithAck('pause', { paused: false }) as Promise<{ ok: boolean }>;
  const answers = await Promise.all(Array.from({ length: 900 }, ask));
  expect(answers.filter(({ ok }) => !ok).length).toBeGreaterThan(500);
  expect(on.accepted[0]?.isPaused()).toBe(true);
  // What it sends now is read and handled once its debt is paid.
  expect(await ask()).toMatchObject({ ok: true });
});

it('disconnects a client that sends faster than it reads the rejections', async () => {
  const { socket } = await on.connected();
  const gone = once(socket, 'disconnect');
  for (let i = 0; i < 20_000; i++) socket.emit('pause', { paused: false }, () => {});
  await gone;
  expect(on.logged.at(-1)).toMatchObject({ msg: expect.stringContaining('does not read') });
});

describe('different streams of rows', () => {
  const subscribe = async (filter: string, options?: object) => {
    const { socket } = await on.connected(options);
    return socket.emitWithAck('subscribe', { filter });
  };

  it('are limited, and sharing an existing one does not count', async () => {
    for (let i = 0; i < 48; i++) expect(await subscribe(`port ${i}`)).toMatchObject({ ok: true });
    const rejected = await subscribe('port 48');
    expect(rejected).toMatchObject({
      ok: false,
      error: { code: 'unavailable', message: expect.stringMatching(/48 different filters/) },
    });
    expect(await subscribe('port 47')).toMatchObject({ ok: true });
    // Some are reserved for clients that can change rules.
    expect(await subscribe('port 48', admin)).toMatchObject({ ok: true });
    expect(await subscribe('port 48')).toMatchObject({ ok: true });
  });

  it('can be requested again: the rejection has a retry time', async () => {
    for (let i = 0; i < 48; i++) await subscribe(`port ${i}`);
    expect(await subscribe('port 48')).toMatchObject({ ok: false, error: { retry_after_ms: 10_000 } });
  });

  it('are free again when a client disconnects or changes its subscription', async () => {
    const clients = [];
    for (let i = 0; i < 48; i++) {
      const client = await on.connected();
      expect(await client.socket.emitWithAck('subscribe', { filter: `port ${i}` })).toMatchObject({ ok: true });
      clients.push(client.socket);
    }
    // The client's own stream does not count against it.
    expect(await clients[0]?.emitWithAck('subscribe', { filter: 'port 1000' })).toMatchObject({ ok: true });
    const gone = once(clients[1] as (typeof clients)[0], 'disconnect');
    clients[1]?.disconnect();
    await gone;
    await vi.waitUntil(async () => (await subscribe('port 2000')).ok);
  });
});
