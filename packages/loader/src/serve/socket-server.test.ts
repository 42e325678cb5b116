/** The socket over real HTTP on loopback: who gets in, what bad messages do, what arrives. */
import { createServer, type Server as HttpServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  ACTIONS,
  type Hello,
  helloSchema,
  historySchema,
  historyTopSchema,
  type Ledger,
  ledgerSchema,
  PacketLogBatch,
  PROTOCOL_VERSION,
  type RulesSnapshot,
  type Summary,
} from '@packetlog/common';
import { pino } from 'pino';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DrainLedger } from '../drain/messages.ts';
import { History } from '../history/history.ts';
import { numberedRecord, recordNumber } from '../ring/fake-ring.ts';
import type { Desk } from '../rules/desk.ts';
import { allowedFor } from './allowed-hosts.ts';
import { questions } from './questions.ts';
import { SocketServer } from './socket-server.ts';

const HOST = '127.0.0.1';
const TOKEN = 'a-token-of-the-test';
const ADMIN_TOKEN = 'the-admin-token-of-the-test';
const STRIDE = 72;

const hello: Hello = {
  protocol: PROTOCOL_VERSION,
  version: '0.0.0',
  node: 'test',
  boot_id: 'b',
  session_id: 's',
  started_at_ms: 0,
  interfaces: [],
  transport: 'array',
  clock: { policy: 'precise', error_ns: 0 },
  limits: { max_rows_per_second: 1 },
};
const hop = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
const ledger: DrainLedger = { at_ms: 0, interfaces: [], ring: hop, queue: hop, reasons: {} };
const summary: Summary = {
  at_ms: 0,
  interval_ms: 1000,
  total: { packets: 0, bytes: 0 },
  by_interface: [],
  by_action: { aborted: 0, deny: 0, permit: 0 },
  denied_bytes: 0,
  records: 0,
  by_protocol: [],
  top_sources: [],
  top_ports: [],
  top_pairs: [],
  max_weight: 1,
  evicted: 0,
};

let history: History;
/** What the desk was asked. */
let asked: unknown[] = [];
let revision = 1;
const desk = {
  snapshot: () => ({ revision, default_policy: 'permit', rules: [], sets: [], enforcing: false, pinned: false }),
  ask: async (verb: string, request: unknown, asker: unknown) => {
    asked.push([verb, request, asker]);
    if (verb === 'undo') throw new Error('broken');
    return { ok: true, value: verb };
  },
} as unknown as Desk;

let http: HttpServer;
let port = 0;
let server: SocketServer;
let nextRecord = 0;
const rowsWanted = vi.fn<(perSecond: number) => void>();
const clients: Socket[] = [];
/** Added to the server's clock. */
let skew = 0;
/** What it said of whether anybody is connected. */
let watched: boolean[] = [];
let logged: Record<string, unknown>[] = [];
/** Whether the drain thread answers at once. */
let answers = true;

beforeEach(async () => {
  rowsWanted.mockReset();
  history = new History();
  nextRecord = 0;
  asked = [];
  revision = 1;
  skew = 0;
  logged = [];
  watched = [];
  answers = true;
  http = createServer((_, response) => response.end('page'));
  await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
  port = (http.address() as AddressInfo).port;
  server = new SocketServer({
    http,
    allowed: () => allowedFor(HOST, port, []),
    tokens: { look: TOKEN, admin: ADMIN_TOKEN },
    desk,
    hello: () => hello,
    questions: questions({
      history,
      listeners: undefined,
      reverseNames: { find: () => Promise.reject(new Error('broken')) },
      places: { find: (addresses) => Object.fromEntries(addresses.map((address) => [address, { country: 'NZ' }])) },
    }),
    stride: STRIDE,
    recordOffset: 8,
    onWatched: (is) => watched.push(is),
    onRowsWanted: (perSecond) => {
      rowsWanted(perSecond);
      if (answers) server.activate();
    },
    log: pino({ level: 'warn' }, { write: (line) => logged.push(JSON.parse(line)) }),
    clock: {
      now: () => performance.now() + skew,
      after: (ms, action) => {
        setTimeout(action, ms);
      },
    },
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await server.close();
});

type Options = Partial<ManagerOptions & SocketOptions>;

function client(options: Options = {}): Socket {
  const socket = io(`http://${HOST}:${port}`, {
    transports: ['websocket'],
    auth: { token: TOKEN },
    forceNew: true,
    reconnection: false,
    ...options,
  });
  clients.push(socket);
  return socket;
}

const once = <T>(socket: Socket, event: string) => new Promise<T>((resolve) => socket.once(event, resolve));

/** Resolves with the refusal, or with "connected". */
function attempt(options: Options): Promise<unknown> {
  const socket = client(options);
  return Promise.race([
    once(socket, 'connect').then(() => 'connected'),
    once<Error & { data?: unknown }>(socket, 'connect_error').then((error) => error.data ?? error.message),
  ]);
}

async function connected(options: Options = {}): Promise<{ socket: Socket; batches: PacketLogBatch[] }> {
  const socket = client(options);
  const batches: PacketLogBatch[] = [];
  socket.on('packets', (bytes: Uint8Array) => batches.push(PacketLogBatch.from(bytes)));
  await once(socket, 'hello');
  return { socket, batches };
}

function sendRows(count: number, skipped = 0): void {
  const bytes = new Uint8Array(new SharedArrayBuffer(count * STRIDE));
  for (let i = 0; i < count; i++) bytes.set(numberedRecord(nextRecord++), i * STRIDE + 8);
  server.rows(bytes, count, skipped);
}

function numbersOf(batches: readonly PacketLogBatch[]): number[] {
  const record = new Uint8Array(64);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => {
      batch.copyRecord(i, record, 0);
      return recordNumber(record);
    }),
  );
}

/** The WebSocket under a client. */
function wire(socket: Socket): { send: (text: string) => void; pause: () => void; resume: () => void } {
  const { transport } = socket.io.engine as unknown as { transport: { ws: ReturnType<typeof wire> } };
  return transport.ws;
}

/** A bare connection on which no more than this is said. */
function tcp(text = ''): Promise<unknown> {
  const socket = connect(port, HOST);
  socket.on('error', () => {});
  return new Promise<void>((resolve) => socket.on('connect', () => socket.write(text, () => resolve())));
}

/** Everything that the server sent before this has arrived when it resolves. */
const settled = (socket: Socket) => socket.emitWithAck('pause', { paused: false });

describe('who gets in', () => {
  it('a client with the token, which is told where it is', async () => {
    const socket = client();
    expect(helloSchema.parse(await once(socket, 'hello'))).toEqual({ ...hello, admin: false });
  });

  it.each<[string, unknown]>([
    ['no token', {}],
    ['a wrong token', { token: 'wrong' }],
    ['an empty token', { token: '' }],
    ['half a token', { token: TOKEN.slice(0, -1) }],
    ['an overlong token', { token: 'x'.repeat(10_000) }],
    ['a token in a list', { token: [TOKEN] }],
    ['a number', { token: 5 }],
  ])('nobody with %s', async (_, auth) => {
    const refused = await attempt({ auth: auth as Record<string, unknown> });
    expect(refused).toEqual({ code: 'unauthorized', message: expect.stringContaining('Open the URL') });
  });

  it('nobody who speaks another protocol, and it is told what to do', async () => {
    const auth = { token: TOKEN, protocol: PROTOCOL_VERSION + 1 };
    expect(await attempt({ auth })).toMatchObject({
      code: 'protocol_mismatch',
      message: expect.stringContaining('Reload'),
    });
    expect(await attempt({ auth: { token: TOKEN, protocol: PROTOCOL_VERSION } })).toBe('connected');
  });

  it.each<[string, Record<string, string>]>([
    ['a foreign page', { Origin: 'http://evil.example' }],
    ['a sandboxed page', { Origin: 'null' }],
    ['a foreign name that points here', { Host: 'evil.example' }],
    ['such a name with the right port', { Host: 'evil.example:7411', Origin: 'http://evil.example:7411' }],
  ])('not %s, even with the token', async (_, extraHeaders) => {
    expect(await attempt({ extraHeaders })).toBe('websocket error');
  });

  it('the page of this server', async () => {
    expect(await attempt({ extraHeaders: { Origin: `http://${HOST}:${port}` } })).toBe('connected');
  });

  it('nobody by polling', async () => {
    const status = await new Promise((resolve, reject) => {
      const path = '/socket.io/?EIO=4&transport=polling';
      request({ host: HOST, port, path, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
    expect(await attempt({ transports: ['polling'] })).not.toBe('connected');
  });

  it('nobody in another namespace', async () => {
    const socket = io(`http://${HOST}:${port}/admin`, {
      transports: ['websocket'],
      auth: { token: TOKEN },
      forceNew: true,
      reconnection: false,
    });
    clients.push(socket);
    expect(await once<Error>(socket, 'connect_error')).toMatchObject({ message: 'Invalid namespace' });
  });
});

/** What a client may send instead of an object with one number. */
const malformed: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a list', []],
  ['a list of options', [{ max_rows_per_second: 5 }]],
  ['a text', 'all'],
  ['a negative number', { max_rows_per_second: -1 }],
  ['a fraction', { max_rows_per_second: 1.5 }],
  ['too many', { max_rows_per_second: 1_000_001 }],
  ['a text for a number', { max_rows_per_second: '5' }],
  ['an unknown key', { max_rows_per_second: 5, rows: 'x' }],
  ['an object for a filter', { filter: { protocol: [6] } }],
  ['an address that is none in a filter', { filter: 'host 192.0.2.256' }],
  ['an endless filter', { filter: 'port 1 or '.repeat(6000) }],
  ['a deep filter', { filter: '('.repeat(4000) }],
  ['a prototype', JSON.parse('{"__proto__": {"polluted": true}}')],
  ['a constructor', { constructor: { prototype: { polluted: true } } }],
  ['bytes', new Uint8Array(8)],
];

describe('bad messages', () => {
  it.each(malformed)('subscribe with %s is refused, and the next one works', async (_, options) => {
    const { socket } = await connected();
    const answer = await socket.emitWithAck('subscribe', ...(options === undefined ? [] : [options]));
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(rowsWanted).not.toHaveBeenCalled();
    expect({}).not.toHaveProperty('polluted');
    expect(await socket.emitWithAck('subscribe', { max_rows_per_second: 7 })).toEqual({
      ok: true,
      value: { max_rows_per_second: 7 },
    });
    expect(rowsWanted).toHaveBeenLastCalledWith(7);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', { paused: 'yes' }],
    ['nothing in it', {}],
    ['a list', [true]],
  ])('pause with %s is refused', async (_, options) => {
    const { socket } = await connected();
    expect(await socket.emitWithAck('pause', options)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });

  it('messages without acknowledgement work, or are ignored, as those with one', async () => {
    const { socket } = await connected();
    socket.emit('subscribe', null);
    socket.emit('subscribe', { max_rows_per_second: 9 });
    await settled(socket);
    expect(rowsWanted).toHaveBeenCalledWith(9);
    expect(socket.connected).toBe(true);
  });

  it.each(['rules', 'packets', 'constructor', '__proto__', 'x'.repeat(1000)])(
    'an unknown event costs a point: %s',
    async (event) => {
      const { socket } = await connected();
      const gone = once(socket, 'disconnect');
      for (let i = 0; i < 9; i++) socket.emit(event, i);
      await settled(socket);
      expect(socket.connected).toBe(true);
      socket.emit(event);
      expect(await gone).toBe('io server disconnect');
    },
  );

  it('ten cost the connection, and no other client notices', async () => {
    const { socket } = await connected();
    const other = await connected();
    await other.socket.emitWithAck('subscribe', { max_rows_per_second: 1000 });
    const gone = once(socket, 'disconnect');
    for (let i = 0; i < 200; i++) socket.emit('subscribe', -i);
    expect(await gone).toBe('io server disconnect');
    sendRows(3);
    await settled(other.socket);
    expect(numbersOf(other.batches)).toEqual([0, 1, 2]);
  });

  it('one that is too large ends the connection, and the server goes on', async () => {
    const { socket } = await connected();
    const gone = once(socket, 'disconnect');
    socket.emit('subscribe', 'x'.repeat(70_000));
    expect(await gone).toMatch(/transport/);
    expect(await attempt({})).toBe('connected');
  });

  it.each([
    '4',
    '42',
    '42[5]',
    '421[5]',
    '42[',
    '42{}',
    '42[null]',
    '42["connect"]',
    '451-["subscribe"]',
    '2',
    'nonsense',
    `40{"token":"${TOKEN}"}`,
    '\0',
  ])('raw text %j on the wire ends at most its own connection', async (text) => {
    const { socket } = await connected();
    wire(socket).send(text);
    wire(socket).send(text);
    // Answered after both, or not at all.
    await Promise.race([settled(socket), once(socket, 'disconnect')]);
    expect(await attempt({})).toBe('connected');
  });
});

describe('rows', () => {
  it('come to whoever subscribed, and only then, as batches that decode', async () => {
    const { socket, batches } = await connected();
    sendRows(5);
    await settled(socket);
    expect(batches).toEqual([]);
    await socket.emitWithAck('subscribe', {});
    sendRows(3);
    sendRows(2000, 7);
    await vi.waitUntil(() => numbersOf(batches).length === 2003);
    expect(numbersOf(batches)).toEqual(Array.from({ length: 2003 }, (_, i) => 5 + i));
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, i) => i));
    expect(batches.at(-1)).toMatchObject({ offered: 2010, withheld: 7, dropped: 0 });
  });

  it('do not come to a paused client, which is told how many it missed', async () => {
    const { socket, batches } = await connected();
    await socket.emitWithAck('subscribe', {});
    expect(await socket.emitWithAck('pause', { paused: true })).toEqual({ ok: true, value: { paused: true } });
    expect(rowsWanted).toHaveBeenLastCalledWith(0);
    sendRows(10);
    expect(await socket.emitWithAck('pause', { paused: false })).toEqual({ ok: true, value: { paused: false } });
    sendRows(1);
    await settled(socket);
    expect(numbersOf(batches)).toEqual([10]);
    expect(batches[0]).toMatchObject({ offered: 11, withheld: 10 });
  });

  it('come as the filter says, of all that pass; what it left out is told', async () => {
    const { socket, batches } = await connected();
    const plain = await connected();
    await plain.socket.emitWithAck('subscribe', { max_rows_per_second: 1000 });
    const action = (['aborted', 'deny', 'permit'] as const)[numberedRecord(3)[62] ?? 0] ?? 'deny';
    const asked = { max_rows_per_second: 50, filter: `action ${action}` };
    expect(await socket.emitWithAck('subscribe', asked)).toEqual({ ok: true, value: { max_rows_per_second: 50 } });
    expect(rowsWanted).toHaveBeenLastCalledWith(Number.POSITIVE_INFINITY);
    const matching = Array.from({ length: 200 }, (_, i) => i).filter((i) => numberedRecord(i)[62] === ACTIONS[action]);
    sendRows(200);
    const ledgerCame = once<Ledger>(socket, 'ledger');
    server.second(ledger, summary, 0n);
    const { client } = await ledgerCame;
    expect(client).toMatchObject({ offered: matching.length, filtered: 200 - matching.length, dropped: 0 });
    expect(matching).toEqual(expect.arrayContaining(numbersOf(batches)));
    await vi.waitUntil(() => numbersOf(plain.batches).length === 200);
    await socket.emitWithAck('subscribe', { max_rows_per_second: 50 });
    expect(rowsWanted).toHaveBeenLastCalledWith(1000);
  });

  it('say what is wrong with a filter', async () => {
    const { socket } = await connected();
    for (let i = 0; i < 20; i++) {
      expect(await socket.emitWithAck('subscribe', { filter: 'dst prot 443' })).toEqual({
        ok: false,
        error: {
          code: 'invalid',
          message: 'filter: "prot" at column 5: did you mean "port"?',
          filter: { column: 5, length: 4, fix: 'port' },
        },
      });
    }
    // People mistype as often as they like.
    expect(await socket.emitWithAck('subscribe', { filter: 'dst port 443' })).toMatchObject({ ok: true });
  });

  it('are counted from the acknowledgement on, which comes when the drain thread has answered', async () => {
    const { socket, batches } = await connected();
    answers = false;
    let acknowledged = false;
    const answer = socket.emitWithAck('subscribe', {}).then(() => {
      acknowledged = true;
    });
    await vi.waitUntil(() => rowsWanted.mock.calls.length === 1);
    sendRows(3);
    // Answered at once, because it asks for nothing that the drain thread must know.
    await socket.emitWithAck('pause', null);
    expect(acknowledged).toBe(false);
    server.activate();
    await answer;
    sendRows(2);
    await vi.waitUntil(() => batches.length > 0);
    expect(batches[0]).toMatchObject({ sequence: 0, offered: 2, withheld: 0 });
  });

  it('of another subscription come from its acknowledgement on, and none of the one before', async () => {
    const { socket, batches } = await connected();
    await socket.emitWithAck('subscribe', {});
    sendRows(2);
    sendRows(2);
    await socket.emitWithAck('subscribe', { filter: 'proto 250 and port 1' });
    sendRows(10);
    expect(numbersOf(batches)).toEqual([0, 1, 2, 3]);
    await socket.emitWithAck('subscribe', {});
    sendRows(1);
    await vi.waitUntil(() => batches.at(-1)?.offered === 5);
    expect(batches.at(-1)).toMatchObject({ sequence: 2, filtered: 10, withheld: 0, dropped: 0 });
  });

  it('are asked for as the greediest client wants them, and no more once it has gone', async () => {
    const [modest, greedy] = [await connected(), await connected()];
    await modest.socket.emitWithAck('subscribe', { max_rows_per_second: 10 });
    await greedy.socket.emitWithAck('subscribe', { max_rows_per_second: 5000 });
    expect(rowsWanted).toHaveBeenLastCalledWith(5000);
    greedy.socket.disconnect();
    await vi.waitUntil(() => rowsWanted.mock.lastCall?.[0] === 10);
  });

  it('a client that does not read loses whole batches, counted, while another gets every row', async () => {
    const [slow, quick] = [await connected(), await connected()];
    for (const { socket } of [slow, quick]) await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    // Its TCP socket is not read any more.
    wire(slow.socket).pause();
    // Some megabytes fit into the kernel's buffers, then 2 MiB here; these are 14 MB.
    for (let i = 0; i < 190; i++) {
      sendRows(1000);
      await new Promise(setImmediate);
    }
    await vi.waitUntil(() => quick.batches.at(-1)?.offered === 190_000, { timeout: 20_000 });
    expect(numbersOf(quick.batches)).toHaveLength(190_000);
    wire(slow.socket).resume();
    await vi.waitUntil(
      () => {
        sendRows(1);
        const last = slow.batches.at(-1);
        return last !== undefined && last.dropped > 0;
      },
      { timeout: 20_000, interval: 50 },
    );
    let received = 0;
    for (const batch of slow.batches) {
      received += batch.length;
      expect(batch.offered).toBe(received + batch.dropped + batch.withheld);
    }
  });
});

describe('a client that does not read', () => {
  /** Rows until more wait for it than the kernel's buffers hold. */
  async function stalled(): Promise<Socket> {
    const { socket } = await connected();
    await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    wire(socket).pause();
    for (let i = 0; i < 150; i++) {
      sendRows(1000);
      await new Promise(setImmediate);
    }
    return socket;
  }

  it('is disconnected after half a minute, with the reason in the log', async () => {
    await stalled();
    const other = await connected();
    server.second(ledger, summary, 0n);
    // A server that stood still for so long blames nobody; the next time it does.
    skew += 31_000;
    server.second(ledger, summary, 0n);
    expect(logged).toEqual([]);
    await settled(other.socket);
    server.second(ledger, summary, 0n);
    server.second(ledger, summary, 0n);
    await vi.waitUntil(() => rowsWanted.mock.lastCall?.[0] === 0);
    const facts = { level: 40, client: expect.any(String), stalled_ms: expect.any(Number) };
    expect(logged).toEqual([expect.objectContaining({ ...facts, msg: 'client disconnected: it does not read' })]);
    expect(logged[0]?.['backlog_bytes']).toBeGreaterThan(1024 * 1024);
    await settled(other.socket);
  });

  it('but sends on and on is disconnected before its answers pile up', async () => {
    const socket = await stalled();
    for (let i = 0; i < 6000; i++) socket.emit('pause', { paused: false }, () => {});
    await vi.waitUntil(() => rowsWanted.mock.lastCall?.[0] === 0, { timeout: 10_000 });
    expect(logged).toEqual([expect.objectContaining({ msg: 'client disconnected: it does not read' })]);
  });
});

describe('once a second', () => {
  it('each client gets the summary, and the ledger with its own part', async () => {
    const { socket } = await connected();
    await socket.emitWithAck('subscribe', {});
    sendRows(4);
    const [summaryCame, ledgerCame] = [once(socket, 'summary'), once(socket, 'ledger')];
    server.second(ledger, summary, 5n);
    expect(await summaryCame).toEqual(summary);
    expect(ledgerSchema.parse(await ledgerCame).client).toEqual({ ...hop, offered: 4, delivered: 4, filtered: 0 });
  });

  it('nothing is asked for while nobody is connected', async () => {
    const one = await connected();
    const other = await connected();
    one.socket.disconnect();
    await vi.waitUntil(() => rowsWanted.mock.calls.length === 1);
    expect(watched).toEqual([true]);
    other.socket.disconnect();
    await vi.waitUntil(() => watched.length === 2);
    expect(watched).toEqual([true, false]);
  });

  it('a notice comes to everybody', async () => {
    const all = [await connected(), await connected()];
    const came = all.map(({ socket }) => once(socket, 'notice'));
    server.notice({ at_ms: 1, level: 'info', code: 'shutting_down', message: 'bye' });
    expect(await Promise.all(came)).toEqual([1, 2].map(() => expect.objectContaining({ code: 'shutting_down' })));
  });
});

describe('the past', () => {
  const START = 1_800_000_000_000;
  beforeEach(() => {
    const total = { packets: 5, bytes: 500 };
    const top_sources = [{ addr: '192.0.2.1', packets: 5, bytes: 500 }];
    history.add({ ...summary, at_ms: START, total, top_sources }, 0);
  });

  it('is there for a client that asks, on each level', async () => {
    const { socket } = await connected();
    for (const step_ms of [1000, 5000, 60_000]) {
      const { ok, value } = await socket.emitWithAck('history', { step_ms });
      expect(ok).toBe(true);
      const { columns } = historySchema.parse(value);
      expect(columns.packets.every((packets) => packets === 0 || packets === 5)).toBe(true);
    }
  });

  it('says who made a range', async () => {
    const { socket } = await connected();
    const { value } = await socket.emitWithAck('history:top', { from_ms: START - 60_000, to_ms: START });
    expect(historyTopSchema.parse(value).sources).toMatchObject([{ addr: '192.0.2.1', packets: 5 }]);
  });

  it.each([
    ['history', { step_ms: 7 }],
    ['history', {}],
    ['history:top', { from_ms: 5, to_ms: 5 }],
    ['history:top', { from_ms: -1, to_ms: 5 }],
    ['history:top', { from_ms: 0, to_ms: 'now' }],
  ])('refuses %s %j', async (event, options) => {
    const { socket } = await connected();
    expect(await socket.emitWithAck(event, options)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});

describe('a question', () => {
  it('that this loader does not answer is refused with the reason', async () => {
    const { socket } = await connected();
    expect(await socket.emitWithAck('names:listeners', {})).toEqual({
      ok: false,
      error: { code: 'unavailable', message: expect.stringMatching(/start a loader inside/) },
    });
  });

  it('about many addresses is answered for each, and not for more than the protocol allows', async () => {
    const { socket } = await connected();
    expect(await socket.emitWithAck('names:places', { addresses: ['192.0.2.1', '2001:db8::1'] })).toEqual({
      ok: true,
      value: { '192.0.2.1': { country: 'NZ' }, '2001:db8::1': { country: 'NZ' } },
    });
    for (const addresses of [[], ['localhost'], Array(51).fill('192.0.2.1')]) {
      expect(await socket.emitWithAck('names:places', { addresses })).toMatchObject({ error: { code: 'invalid' } });
    }
  });

  it('whose answer fails is told so, and logged', async () => {
    const { socket } = await connected();
    const answer = await socket.emitWithAck('names:reverse', { addresses: ['192.0.2.1'] });
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(logged.some(({ msg }) => msg === 'handling a message failed')).toBe(true);
  });
});

describe('the end', () => {
  it('sends what waits, then disconnects', async () => {
    const { socket, batches } = await connected();
    await socket.emitWithAck('subscribe', {});
    sendRows(1);
    sendRows(2);
    const gone = once(socket, 'disconnect');
    await server.close();
    await gone;
    expect(numbersOf(batches)).toEqual([0, 1, 2]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a connection without a request, as browsers open in advance', () => tcp()],
    ['half a request', () => tcp('GET / HTTP/1.1\r\n')],
    [
      'a client that reads no more',
      async () => {
        const { socket } = await connected();
        await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
        wire(socket).pause();
        sendRows(100_000);
      },
    ],
  ])('is not held up by %s', async (_, hinder) => {
    await hinder();
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('rules', () => {
  const admin = { auth: { token: TOKEN, admin_token: ADMIN_TOKEN } };

  it('are told after hello, and again when they change, not once for each change', async () => {
    const socket = client();
    const told: number[] = [];
    socket.on('rules', (rules: RulesSnapshot) => told.push(rules.revision));
    await vi.waitFor(() => expect(told).toEqual([1]));
    for (revision = 2; revision < 20; revision++) server.rulesChanged();
    await vi.waitFor(() => expect(told.at(-1)).toBe(20));
    expect(told.length).toBeLessThan(4);
  });

  it('are asked about with the name of the token and the address', async () => {
    const { socket } = await connected(admin);
    expect(await socket.emitWithAck('rules:add', { rule: 1 })).toEqual({ ok: true, value: 'add' });
    const who = { name: 'admin token', via: 'socket', address: HOST };
    expect(asked).toEqual([['add', { rule: 1 }, { who, mayChange: true, mayNameFiles: false }]]);
    expect(server.operators()).toEqual([HOST]);
  });

  it('may not be changed with the token to look', async () => {
    const { socket } = await connected();
    await socket.emitWithAck('rules:list', {});
    expect(asked).toMatchObject([['list', {}, { mayChange: false, who: { name: 'token' } }]]);
    expect(server.operators()).toEqual([]);
  });

  it('are not for a wrong admin token', async () => {
    expect(await attempt({ auth: { token: TOKEN, admin_token: 'guessed' } })).toMatchObject({ code: 'unauthorized' });
    const { socket } = await connected();
    socket.disconnect();
  });

  it('that fail inside are answered, and the connection stays', async () => {
    const { socket } = await connected(admin);
    expect(await socket.emitWithAck('rules:undo', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(await socket.emitWithAck('rules:list', {})).toMatchObject({ ok: true });
    expect(logged.some(({ msg }) => msg === 'handling a message failed')).toBe(true);
  });

  it('tell what they counted', async () => {
    const { socket } = await connected();
    const counted = once(socket, 'rule_counters');
    server.ruleCounters([{ id: 7, packets: 2, bytes: 200 }]);
    expect(await counted).toEqual([{ id: 7, packets: 2, bytes: 200 }]);
  });
});

it('answers more messages than it does at once with a refusal, and goes on', async () => {
  const { socket } = await connected();
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => socket.emitWithAck('pause', { paused: false }) as Promise<{ ok: boolean }>),
  );
  const refused = answers.filter(({ ok }) => !ok);
  expect(refused.length).toBeGreaterThan(20);
  expect(refused[0]).toMatchObject({ error: { code: 'invalid', message: /100 a second/ } });
  expect(socket.connected).toBe(true);
});
