import { Duplex } from 'node:stream';
import { deserialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SetupError } from '../errors/setup-error.ts';
import type { RulesAccess } from '../ipc/rules-access.ts';
import type { FromServer, ServerSettings, ToServer } from '../ipc/server-messages.ts';
import { LineLimit } from '../line-limit.ts';
import type { Launcher } from './launcher.ts';
import { ServerRun } from './server-run.ts';
import { SupervisedServer } from './supervised-server.ts';
import type { Reader } from './supervisor-options.ts';

/** A simulated server: the other end of the channel. */
class FakeServer {
  readonly got: ToServer[] = [];
  isKilled = false;
  readonly stream: Duplex;

  constructor(isReading = true) {
    this.stream = new Duplex({
      read: () => {},
      writev: (pieces, done) => {
        const [, body] = pieces.map(({ chunk }) => chunk as Buffer);
        if (body !== undefined) this.got.push(deserialize(body) as ToServer);
        if (isReading) done();
      },
    });
  }

  says(...messages: FromServer[]): void {
    for (const message of messages) {
      const body = Buffer.from(JSON.stringify(message));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(body.length);
      this.stream.push(Buffer.concat([length, body]));
    }
  }

  get types(): string[] {
    return this.got.map(({ type }) => type);
  }
}

const OPENED: FromServer = { type: 'opened', port: 7411, place_labels: [] };
const SETTINGS = { tokens: { readOnly: '', admin: 'ab'.repeat(32) }, places: [] } as unknown as ServerSettings;

/** A core whose service manager starts servers; `next` hands one over. */
function core(settings: () => Promise<ServerSettings> = async () => SETTINGS, isReading = true) {
  const servers: FakeServer[] = [];
  const launcher: Launcher = {
    isChild: false,
    launch: async (source, events) => {
      await source.makePipes('child');
      const server = new FakeServer(isReading);
      servers.push(server);
      const kill = () => {
        server.isKilled = true;
        server.stream.destroy();
      };
      return new ServerRun(server.stream, { pid: undefined, kill }, events);
    },
    close: () => {},
  };
  const log = { warn: vi.fn(), error: vi.fn() };
  const notice = vi.fn();
  const places = vi.fn();
  const reader: Reader = {
    ready: { stride: 72, recordOffset: 8 },
    makePipes: async () => ({ core: { marks: -1, released: -1 }, server: undefined }),
    serverStarted: vi.fn(),
    serverEnded: vi.fn(),
    want: vi.fn(),
    setHasClients: vi.fn(),
    setLowLatency: vi.fn(),
  };
  const rules = { snapshot: () => ({ rules: 'x'.repeat(1024 * 1024) }) } as unknown as RulesAccess;
  const options = { launcher, settings, listeners: async () => [], isHealthy: () => true, notice, places, log };
  const it = SupervisedServer.await({ ...options, debug: () => {}, lines: new LineLimit(log) }, 7411);
  return {
    it,
    servers,
    notice,
    places,
    reader,
    log,
    start: () =>
      it.start({ reader, rules, bans: {} as never, past: undefined, fleet: undefined, hello: () => ({}) as never }),
  };
}

/** Lets promises and streams settle, without time passing. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

it('a server causes no log lines about GeoIP files, and does not choose the port', async () => {
  const { it: over, servers, places, start } = core();
  await start();
  await settled();
  servers[0]?.says({ ...OPENED, place_labels: ['a'] }, { ...OPENED, port: 22, place_labels: ['b'] });
  for (let i = 0; i < 50; i++) servers[0]?.says({ type: 'places', labels: [`made up ${i}`] });
  await settled();
  expect(places.mock.calls).toEqual([[['a'], undefined]]);
  expect(over.port).toBe(7411);
  over.replacePlaces([]);
  servers[0]?.says({ type: 'places', labels: ['c'] }, { type: 'places', labels: ['d'] });
  await settled();
  expect(places.mock.calls.slice(1)).toEqual([[['c'], undefined]]);
});

it('a server that opens and ends at once is replaced by one other, after a growing pause', async () => {
  const { servers, notice, start } = core();
  await start();
  await settled();
  for (let i = 0; i < 8; i++) {
    expect(servers).toHaveLength(i + 1);
    // In one piece: it ends before the core has gone on.
    servers[i]?.says(OPENED);
    servers[i]?.stream.push(Buffer.alloc(8, 0xff));
    await settled();
    expect(notice).toHaveBeenCalledTimes(i + 1);
    await vi.advanceTimersByTimeAsync(99 * 2 ** Math.min(i, 6));
    expect(servers).toHaveLength(i + 1);
    await vi.advanceTimersByTimeAsync(10_000);
  }
});

it('settings that cannot be read are tried again after a pause, and again', async () => {
  const settings = vi.fn(async () => {
    throw new SetupError({ step: 'read', target: 'file', exit: 'failed' });
  });
  const { it: over, start } = core(settings);
  await start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(settings.mock.calls.length).toBeGreaterThan(3);
  expect(settings.mock.calls.length).toBeLessThan(8);
  await over.close();
});

it('files that are read again while a server starts reach it once it has opened the port', async () => {
  const { it: over, servers, start } = core();
  await start();
  await settled();
  over.setTls({ cert: 'new', key: 'new' });
  over.replacePlaces([]);
  expect(servers[0]?.types).toEqual(['open']);
  servers[0]?.says(OPENED);
  await settled();
  expect(servers[0]?.types).toEqual(['open', 'tls', 'places', 'start']);
});

it('the end also ends a server that is starting', async () => {
  const { it: over, servers, start, notice } = core();
  await start();
  await settled();
  await over.close();
  expect(servers[0]?.isKilled).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(servers).toHaveLength(1);
  expect(notice).not.toHaveBeenCalled();
});

it('a server that does not answer is ended after 15 s, and one that is starting after a minute', async () => {
  const { servers, start } = core();
  await start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(servers[0]?.isKilled).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(servers.map(({ isKilled }) => isKilled)).toEqual([true, false]);
  servers[1]?.says(OPENED);
  await vi.advanceTimersByTimeAsync(14_000);
  expect(servers[1]?.isKilled).toBe(false);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(servers[1]?.isKilled).toBe(true);
});

it('a server that does not read what it requests is ended before the core runs out of memory', async () => {
  const { servers, notice, start } = core(undefined, false);
  await start();
  await settled();
  const server = servers[0] as FakeServer;
  server.says(OPENED, { type: 'started' });
  for (let request = 0; request < 400 && !server.isKilled; request++) {
    server.says({ type: 'request', request, what: { about: 'snapshot' } });
    if (request % 50 === 0) await vi.advanceTimersByTimeAsync(50);
  }
  await vi.advanceTimersByTimeAsync(200);
  expect(server.isKilled).toBe(true);
  expect(notice.mock.calls[0]?.[0].message).toMatch(/server process did not read its messages/);
});

it('a server that the service manager stops is no error', async () => {
  const { servers, notice, start } = core();
  await start();
  await settled();
  servers[0]?.says(OPENED, { type: 'started' }, { type: 'leaving' });
  await settled();
  servers[0]?.stream.destroy();
  await settled();
  expect(notice.mock.calls[0]?.[0]).toMatchObject({
    level: 'warning',
    message: 'The server process was stopped by the service manager. Capture and rules are not affected.',
  });
});

describe('a request that the server sends for the core', () => {
  const REQUEST = { url: 'https://example.org/', headers: {}, body: '{}', timeout_ms: 10_000 };

  async function serving() {
    const made = core();
    await made.start();
    await settled();
    made.servers[0]?.says(OPENED);
    await settled();
    return { ...made, server: made.servers[0] as FakeServer };
  }

  it('is answered by number, once; made-up answers are ignored', async () => {
    const { it: over, server } = await serving();
    expect(over.canDeliver).toBe(true);
    const results = Promise.all([over.deliver(REQUEST), over.deliver({ ...REQUEST, body: '2' })]);
    await settled();
    expect(server.got.filter(({ type }) => type === 'deliver')).toEqual([
      { type: 'deliver', delivery: 1, request: REQUEST },
      { type: 'deliver', delivery: 2, request: { ...REQUEST, body: '2' } },
    ]);
    for (const [delivery, status] of [
      [7, 200],
      [2, 202],
      [2, 500],
      [1, 404],
    ] as const) {
      server.says({ type: 'delivered', delivery, result: { status, text: '' } });
    }
    expect(await results).toEqual([
      { status: 404, text: '' },
      { status: 202, text: '' },
    ]);
    expect(server.isKilled).toBe(false);
  });

  it.each([
    { status: 42, text: '' },
    { status: 200 },
    { status: 200, text: 'x'.repeat(513) },
    { text: '', url: 'https://x' },
  ])('ends a server that answers %j', async (result) => {
    const { it: over, server, notice } = await serving();
    const delivered = over.deliver(REQUEST);
    server.says({ type: 'delivered', delivery: 1, result: result as never });
    expect(await delivered).toEqual({ text: 'the server process ended before the answer' });
    expect(notice).toHaveBeenCalledOnce();
  });

  it('has failed if there is no server, and if it never answers', async () => {
    const { it: over } = core();
    expect(over.canDeliver).toBe(false);
    expect(await over.deliver(REQUEST)).toEqual({ text: 'the server process does not run' });
    const { it: other } = await serving();
    const delivered = other.deliver(REQUEST);
    await vi.advanceTimersByTimeAsync(14_999);
    await vi.advanceTimersByTimeAsync(1);
    expect(await delivered).toEqual({ text: 'the server process did not answer' });
  });
});
