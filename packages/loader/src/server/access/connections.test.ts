import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardHandlers } from '../http/guard-handlers.ts';
import { type ConnectionLimits, Connections, limitsFor } from './connections.ts';

const LOOPBACK = '127.0.0.1';
let server: Server;
let connections: Connections;
let sockets: Socket[] = [];
/** The server's sockets, in the order they were accepted. */
let accepted: Socket[] = [];
let logged: [unknown, unknown][] = [];

/** `address` returns the address each connection appears to come from. */
async function serve(limits: Partial<ConnectionLimits>, address: () => string = () => LOOPBACK): Promise<void> {
  connections = new Connections({ warn: (...line: [unknown, unknown]) => logged.push(line) } as never, {
    ...limitsFor(10_000, 0),
    ...limits,
  });
  server.prependListener('connection', (socket) => {
    Object.defineProperty(socket, 'remoteAddress', { value: address() });
    accepted.push(socket);
  });
  connections.watch(server);
  guardHandlers(server, connections, (error) => logged.push([error, 'failed']));
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
}

async function open(text = ''): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, LOOPBACK);
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  const before = accepted.length;
  if (text === '') return socket;
  socket.write(text);
  await vi.waitUntil(() => accepted.length >= before);
  return socket;
}

/** Bytes of an answer that the kernel has not taken. */
const unsentBytes = (socket: Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null }) =>
  socket._handle?.writeQueueSize ?? 0;

/** Connections the server still holds. */
const living = () => accepted.map(({ destroyed }, i) => (destroyed ? -1 : i)).filter((i) => i >= 0);

beforeEach(() => {
  sockets = [];
  accepted = [];
  logged = [];
  server = createServer((_, response) => response.end('here'));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  for (const socket of accepted) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const opened = async (count: number) => {
  for (let i = 0; i < count; i++) {
    await open();
    await vi.waitUntil(() => accepted.length === sockets.length);
  }
};

describe('connections', () => {
  it('beyond the limit of strangers close the oldest one, so that new ones are accepted', async () => {
    await serve({ strangers: 3 });
    await opened(5);
    expect(living()).toEqual([2, 3, 4]);
    expect(connections.count).toBe(3);
  });

  it('with a token stay, and strangers do not take their place', async () => {
    await serve({ all: 4, strangers: 2 });
    await opened(2);
    for (const socket of accepted) connections.admitted(socket);
    await opened(5);
    expect(living()).toEqual([0, 1, 5, 6]);
  });

  it('are rejected when no place is left', async () => {
    await serve({ all: 2, strangers: 2 });
    await opened(2);
    for (const socket of accepted) connections.admitted(socket);
    await opened(1);
    expect(living()).toEqual([0, 1]);
    expect(logged.at(-1)?.[1]).toMatch(/too many/);
  });

  it('from one address do not take the places of other addresses', async () => {
    let address = '192.0.2.1';
    await serve({ strangersPerAddress: 2 }, () => address);
    await opened(4);
    expect(living()).toEqual([2, 3]);
    address = '192.0.2.2';
    await opened(2);
    expect(living()).toEqual([2, 3, 4, 5]);
    for (const socket of accepted) connections.admitted(socket);
    await opened(5);
    // Two places stay free for connections without a token, however many clients have one.
    expect(living()).toEqual([2, 3, 4, 5, 9, 10]);
  });

  it('that are being answered or may still send a token are closed after idle ones, oldest first', async () => {
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (request.url === '/short') response.end('here');
    });
    await serve({ strangers: 4, newcomerMs: 0 });
    await opened(4);
    const ask = (at: number, path: string) => sockets[at]?.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    ask(0, '/long');
    ask(1, '/short');
    await once(sockets[1] as Socket, 'data');
    connections.upgraded(accepted[2] as Socket, Buffer.alloc(0));
    await vi.waitUntil(() => (accepted[0]?.bytesRead ?? 0) > 0);
    await opened(2);
    expect(living()).toEqual([0, 2, 4, 5]);
    connections.upgraded(accepted[4] as Socket, Buffer.alloc(0));
    connections.upgraded(accepted[5] as Socket, Buffer.alloc(0));
    await opened(1);
    expect(living()).toEqual([2, 4, 5, 6]);
  });

  it('that are new have time for their request, even if all others are being answered', async () => {
    server.removeAllListeners('request');
    await serve({ strangers: 4 });
    await opened(4);
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitUntil(() => accepted.every(({ bytesRead }) => bytesRead > 0));
    await opened(1);
    expect(living()).toEqual([1, 2, 3, 4]);
    await opened(1);
    expect(living()).toEqual([2, 3, 4, 5]);
  });

  it('that do not read their answers are closed before those that do', async () => {
    const answers: ServerResponse[] = [];
    server.removeAllListeners('request');
    server.on('request', (_, response) => {
      answers.push(response);
      response.write(Buffer.alloc(64 * 1024 * 1024));
    });
    await serve({ strangers: 3, newcomerMs: 0 });
    await opened(3);
    // A whole number: a sum of fractions of a millisecond would round.
    const now = Math.ceil(performance.now());
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
    for (const at of [0, 1]) {
      sockets[at]?.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await vi.waitUntil(() => answers.length === at + 1);
    }
    // The kernel may still take parts of the answers: the next check must see them as sent.
    await vi.waitFor(async () => {
      const before = accepted.map(unsentBytes);
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(accepted.map(unsentBytes)).toEqual(before);
    }, 10_000);
    await opened(1);
    expect(living()).toEqual([0, 1, 3]);
    connections.upgraded(accepted[3] as Socket, Buffer.alloc(0));
    // The first connection reads part of its answer, which is one piece.
    let bytes = 0;
    sockets[0]?.on('data', (piece) => {
      bytes += piece.length;
      if (bytes > 16 * 1024 * 1024) sockets[0]?.pause();
    });
    sockets[0]?.resume();
    await vi.waitUntil(() => bytes > 16 * 1024 * 1024);
    clock.mockReturnValue(now + connections.limits.stalledMs);
    await opened(1);
    clock.mockRestore();
    expect(living()).toEqual([0, 3, 4]);
  });

  it('that are answered for too long are closed like idle ones', async () => {
    server.removeAllListeners('request');
    await serve({ strangers: 2, answerMs: 0 });
    await opened(2);
    sockets[0]?.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitUntil(() => (accepted[0]?.bytesRead ?? 0) > 0);
    await opened(1);
    expect(living()).toEqual([1, 2]);
  });

  it('beyond the total limit close one stranger each, not all of them', async () => {
    await serve({ all: 4, strangers: 4 });
    await opened(4);
    connections.admitted(accepted[0] as Socket);
    await opened(1);
    expect(living()).toEqual([0, 2, 3, 4]);
  });

  it('from loopback, where proxies and tunnels end, have only the total limit', async () => {
    await serve({ strangersPerAddress: 1 });
    await opened(6);
    expect(living()).toHaveLength(6);
  });

  it('that send nothing are closed after the timeout', async () => {
    await serve({ requestMs: 1 });
    await opened(1);
    await vi.waitUntil(() => connections.count === 0);
  });

  it('that send a request stay, and those that upgrade must send a token in time', async () => {
    await serve({ requestMs: 1_000_000, tokenMs: 1 });
    await opened(1);
    connections.upgraded(accepted[0] as Socket, Buffer.alloc(0));
    await vi.waitUntil(() => connections.count === 0);
  });

  it('that send more than a token needs before they send one are closed', async () => {
    let upgraded = 0;
    server.on('upgrade', () => upgraded++);
    await serve({});
    await opened(2);
    for (const socket of sockets) {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    }
    await vi.waitUntil(() => upgraded === 2);
    connections.admitted(accepted[1] as Socket);
    for (const socket of sockets) socket.write('x'.repeat(20_000));
    await vi.waitUntil(() => living().length === 1 && (accepted[1]?.bytesRead ?? 0) > 20_000);
    expect(living()).toEqual([1]);
  });

  it('that send requests without reading answers are closed; requests one at a time are answered', async () => {
    await serve({});
    let text = '';
    const socket = await open();
    socket.on('data', (piece) => (text += String(piece)));
    for (let i = 1; i <= 20; i++) {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await vi.waitUntil(() => text.split('here').length - 1 === i);
    }
    const flood = await open();
    flood.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
    flood.resume();
    await once(flood, 'close');
    expect(socket.destroyed).toBe(false);
  });

  it('leave no state behind', async () => {
    await serve({});
    await opened(3);
    for (const socket of sockets) socket.destroy();
    await vi.waitUntil(() => connections.count === 0);
  });

  it('that the system cannot accept are logged, and affect nothing else', async () => {
    await serve({});
    server.emit('error', new Error('accept EMFILE'));
    expect(logged).toEqual([[{ problem: 'accept EMFILE' }, expect.stringContaining('could not be accepted')]]);
  });

  it('are not what fails if the port is taken', async () => {
    await serve({});
    const second = createServer();
    connections.watch(second);
    second.listen((server.address() as AddressInfo).port, '127.0.0.1');
    await expect(once(second, 'listening')).rejects.toThrow('EADDRINUSE');
    expect(logged).toEqual([]);
  });
});

describe('limits', () => {
  it('stay within the descriptor limit of the process, and leave some for the rest of the loader', () => {
    expect(limitsFor(1_048_576, 40)).toMatchObject({ all: 2048, strangers: 1024, admins: 24, readers: 1000 });
    expect(limitsFor(1024, 100)).toMatchObject({ all: 860, strangers: 430, admins: 24, readers: 406 });
    expect(limitsFor(100, 60)).toMatchObject({ all: 8, strangers: 4, admins: 1, readers: 3 });
    expect(limitsFor(Number.POSITIVE_INFINITY, 40).all).toBe(2048);
  });

  it('leave a place for an admin to send the token, beside the maximum of readers and admins', () => {
    for (let descriptors = 0; descriptors < 4000; descriptors++) {
      const { all, readers, admins, strangers } = limitsFor(descriptors, 50);
      expect(readers + admins + strangers).toBeLessThanOrEqual(all);
      // Admins may also use reader places that are still free.
      expect(all - (2 * readers + admins)).toBeGreaterThan(0);
    }
  });
});
