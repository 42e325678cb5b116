/** For tests: the real server on loopback, real clients, and what is behind the server, which the test plays. */
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket as TcpSocket } from 'node:net';
import { type Hello, PacketLogBatch, PROTOCOL_VERSION } from '@packetlog/common';
import { pino } from 'pino';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { afterEach, beforeEach, type Mock, vi } from 'vitest';
import { History } from '../../src/history/history.ts';
import type { GrantedPerson } from '../../src/ipc/fleet/fleet-access.ts';
import type { DrainLedger } from '../../src/ipc/messages.ts';
import { NOT_RECORDED, type PastAnswer } from '../../src/ipc/past-access.ts';
import type { RulesForClients } from '../../src/ipc/rules-access.ts';
import { digestOf } from '../../src/ipc/token-digest.ts';
import { LineLimit } from '../../src/line-limit.ts';
import { type ConnectionLimits, Connections, limitsFor } from '../../src/server/access/connections.ts';
import { allowedFor } from '../../src/server/http/allowed-hosts.ts';
import { guardHandlers } from '../../src/server/http/guard-handlers.ts';
import { lookups } from '../../src/server/lookups.ts';
import { SocketServer } from '../../src/server/socket-server.ts';
import { numberedRecord, recordNumber } from './fake-ring.ts';

export const HOST = '127.0.0.1';
export const TOKEN = 'a-token-of-the-test';
export const ADMIN_TOKEN = 'the-admin-token-of-the-test';
const STRIDE = 72;

export const hello: Hello = {
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
export const hop = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
export const ledger: DrainLedger = { at_ms: 0, interfaces: [], ring: hop, queue: hop, reasons: {} };

type Options = Partial<ManagerOptions & SocketOptions>;

export interface ServerFixture {
  readonly history: History;
  readonly port: number;
  readonly server: SocketServer;
  readonly rowsWanted: Mock<(perSecond: number) => void>;
  readonly clients: Socket[];
  /** The server's ends of all connections, in the order of coming. */
  readonly accepted: readonly TcpSocket[];
  /** How often the rules were asked of the rulesApi as a whole. */
  snapshots: number;
  /** What the rulesApi was asked. */
  readonly asked: readonly unknown[];
  /** What the rulesApi answers; the verb while it is undefined. */
  value: unknown;
  /** What the core answers to questions about recorded packets; undefined: nothing is recorded. */
  past: PastAnswer | undefined;
  /** Of the rules. */
  revision: number;
  /** Added to the server's clock, ms. */
  skew: number;
  /** Where the server's clock stands still; undefined: it goes on. */
  frozenAt: number | undefined;
  /** What the server said of whether anybody is connected. */
  readonly watched: readonly boolean[];
  /** How many clients the server reported, and which may change rules. */
  readonly counted: readonly { clients: number; operators: readonly string[] }[];
  /** And of whether anybody takes rows as they come. */
  readonly lowLatency: readonly boolean[];
  readonly logged: readonly Record<string, unknown>[];
  /** Grants of hubs that are valid. */
  readonly grants: Map<string, GrantedPerson>;
  /** Whether the drain thread answers at once. */
  answers: boolean;
  client(options?: Options): Socket;
  /** Resolves with the rejection, or with "connected". */
  attempt(options: Options): Promise<unknown>;
  connected(options?: Options): Promise<{ socket: Socket; batches: PacketLogBatch[] }>;
  sendRows(count: number, skipped?: number): void;
  /** A bare connection on which no more than this is said. */
  tcp(text?: string): Promise<unknown>;
}

/** Anew for each test. `address`: where the next connection seems to come from. */
export function eachWithServer(limits: Partial<ConnectionLimits> = {}, address = () => HOST): ServerFixture {
  let http: HttpServer;
  let server: SocketServer;
  let history = new History();
  let port = 0;
  let nextRecord = 0;
  const asked: unknown[] = [];
  const watched: boolean[] = [];
  const counted: { clients: number; operators: readonly string[] }[] = [];
  const lowLatency: boolean[] = [];
  const logged: Record<string, unknown>[] = [];
  const clients: Socket[] = [];
  const accepted: TcpSocket[] = [];
  const it: ServerFixture = {
    get history() {
      return history;
    },
    get port() {
      return port;
    },
    get server() {
      return server;
    },
    rowsWanted: vi.fn<(perSecond: number) => void>(),
    ...{ asked, watched, counted, lowLatency, logged, clients, accepted, snapshots: 0 },
    grants: new Map(),
    past: undefined,
    ...{ value: undefined, revision: 1, skew: 0, frozenAt: undefined, answers: true },
    client: (options: Options = {}) => {
      const socket = io(`http://${HOST}:${port}`, {
        transports: ['websocket'],
        auth: { token: TOKEN },
        forceNew: true,
        reconnection: false,
        ...options,
      });
      clients.push(socket);
      return socket;
    },
    attempt: (options: Options) => {
      const socket = it.client(options);
      return Promise.race([
        once(socket, 'connect').then(() => 'connected'),
        once<Error & { data?: unknown }>(socket, 'connect_error').then((error) => error.data ?? error.message),
      ]);
    },
    connected: async (options: Options = {}) => {
      const socket = it.client(options);
      const batches: PacketLogBatch[] = [];
      socket.on('packets', (bytes: Uint8Array) => batches.push(PacketLogBatch.from(bytes)));
      await once(socket, 'hello');
      return { socket, batches };
    },
    sendRows: (count: number, skipped = 0) => {
      const bytes = new Uint8Array(new SharedArrayBuffer(count * STRIDE));
      for (let i = 0; i < count; i++) bytes.set(numberedRecord(nextRecord++), i * STRIDE + 8);
      server.rows(bytes, count, skipped);
    },
    tcp: (text = '') => {
      const socket = connect(port, HOST);
      socket.on('error', () => {});
      return new Promise<void>((resolve) => socket.on('connect', () => socket.write(text, () => resolve())));
    },
  };
  const rules = {
    snapshot: async () => ({
      ...{ asked: ++it.snapshots },
      ...{ revision: it.revision, default_policy: 'permit', rules: [], sets: [], enforcing: false, pinned: false },
    }),
    limits: async (request: unknown) => {
      asked.push(['limits', request]);
      return { ok: true, value: { at_ms: 1, limits: [] } };
    },
    ask: async (verb: string, request: unknown, caller: unknown) => {
      asked.push([verb, request, caller]);
      if (verb === 'undo') throw new Error('broken');
      if (verb === 'redo') throw AbortSignal.abort().reason;
      return { ok: true, value: it.value ?? verb };
    },
  } as unknown as RulesForClients;
  const log = pino({ level: 'warn' }, { write: (line) => logged.push(JSON.parse(line)) });
  beforeEach(async () => {
    it.rowsWanted.mockReset();
    it.grants.clear();
    for (const list of [asked, watched, counted, lowLatency, logged, accepted]) list.length = 0;
    Object.assign(it, {
      value: undefined,
      past: undefined,
      revision: 1,
      skew: 0,
      frozenAt: undefined,
      answers: true,
      snapshots: 0,
    });
    history = new History();
    nextRecord = 0;
    http = createServer((_, response) => response.end('page'));
    const lines = new LineLimit(log);
    const connections = new Connections(lines, { ...limitsFor(10_000, 0), ...limits });
    http.on('connection', (socket) => {
      Object.defineProperty(socket, 'remoteAddress', { value: address() });
      accepted.push(socket);
    });
    connections.watch(http);
    await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
    port = (http.address() as AddressInfo).port;
    server = new SocketServer({
      http,
      connections,
      allowed: () => allowedFor(HOST, port, []),
      tokens: { readOnly: digestOf(TOKEN), admin: digestOf(ADMIN_TOKEN) },
      granted: (token) => it.grants.get(token),
      core: {
        rules,
        bans: {
          ask: async (verb: string, request: unknown, caller: unknown) => {
            asked.push([`bans:${verb}`, request, caller]);
            return { ok: true, value: it.value ?? verb } as never;
          },
        },
        setHasClients: (is) => watched.push(is),
        setLowLatency: (is) => lowLatency.push(is),
        setClients: (clients, operators) => counted.push({ clients, operators }),
        wantRows: (perSecond) => {
          it.rowsWanted(perSecond);
          if (it.answers) server.activate();
        },
      },
      hello: () => hello,
      lookups: lookups({
        history,
        rules,
        past: {
          ask: async (verb, request, caller) => {
            asked.push([`past:${verb}`, request, caller]);
            return it.past ?? NOT_RECORDED;
          },
        },
        listeners: undefined,
        reverseNames: { find: () => Promise.reject(new Error('broken')) },
        lines,
        places: { find: (addresses) => Object.fromEntries(addresses.map((address) => [address, { country: 'NZ' }])) },
      }),
      stride: STRIDE,
      recordOffset: 8,
      pollRows: () => false,
      lines,
      log,
      clock: {
        now: () => (it.frozenAt ?? performance.now()) + it.skew,
        after: (ms, action) => {
          setTimeout(action, ms);
        },
      },
    });
    guardHandlers(http, connections, (error) => lines.failed(error, 'a request failed'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await server.close();
  });
  return it;
}

export const once = <T>(socket: Socket, event: string) => new Promise<T>((resolve) => socket.once(event, resolve));

export function numbersOf(batches: readonly PacketLogBatch[]): number[] {
  const record = new Uint8Array(64);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => {
      batch.copyRecord(i, record, 0);
      return recordNumber(record);
    }),
  );
}

/** What a WebSocket of a client has, and socket.io-client hides. */
export interface Wire {
  send(text: string): void;
  ping(data?: string): void;
  on(event: 'pong', listener: (data: Buffer) => void): void;
  pause(): void;
  resume(): void;
  readonly _socket: TcpSocket;
}

/** The WebSocket under a client. */
export function wire(socket: Socket): Wire {
  const { transport } = socket.io.engine as unknown as { transport: { ws: Wire } };
  return transport.ws;
}

/** Everything that the server sent before this has arrived when it resolves. */
export const settled = (socket: Socket) => socket.emitWithAck('pause', { paused: false });

/** Resolves when the server has read all that this client sent; `at`: the place of its connection. */
export async function whenRead(on: ServerFixture, socket: Socket, at = 0): Promise<void> {
  const { _socket: own } = wire(socket);
  await vi.waitUntil(() => own.bytesWritten === on.accepted[at]?.bytesRead, 20_000);
  // What was read is handled within this turn of the loop.
  await new Promise((resolve) => setImmediate(resolve));
}
