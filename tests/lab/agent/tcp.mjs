// @ts-check
import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';

/** @type {Map<number, { connections: number, bytes: number }>} */
const received = new Map();

/** Starts an echo server. @param {{ address: string, port: number }} options */
export async function listenTcp({ address, port }) {
  const counts = { connections: 0, bytes: 0 };
  const server = net.createServer((socket) => {
    counts.connections++;
    socket.on('data', (data) => {
      counts.bytes += data.length;
    });
    pipeline(socket, socket, () => {});
  });
  server.listen(port, address);
  await once(server, 'listening');
  const bound = /** @type {net.AddressInfo} */ (server.address()).port;
  received.set(bound, counts);
  return bound;
}

/** @param {number} port */
export function tcpReceived(port) {
  const counts = received.get(port);
  if (!counts) throw new Error(`nothing listens on TCP port ${port}`);
  return counts;
}

/** Makes connections one after another: each connects, sends, and reads the echo to its end. */
/** @param {{ address: string, port: number, connections: number, bytes: number }} options */
export async function exchangeTcp({ address, port, connections, bytes }) {
  let echoed = 0;
  const sourcePorts = [];
  for (let i = 0; i < connections; i++) {
    const socket = net.connect(port, address);
    await once(socket, 'connect');
    sourcePorts.push(socket.localPort ?? 0);
    socket.end(Buffer.alloc(bytes, 0x5a));
    for await (const data of socket) echoed += data.length;
  }
  return { connections, echoed, sourcePorts };
}

/**
 * Connects a socket that was accepted outside the namespace to a server inside it.
 * @param {{ address: string, port: number }} target
 * @param {net.Socket | undefined} outside
 */
export async function connectTo({ address, port }, outside) {
  // The outside peer may have closed the connection before the agent received the socket.
  if (!outside) return;
  const inside = net.connect({ port, host: address, allowHalfOpen: true });
  outside.allowHalfOpen = true;
  pipeline(outside, inside, () => {});
  pipeline(inside, outside, () => {});
}

/**
 * Returns whether a connection succeeds and one byte is echoed within `timeoutMs`.
 * @param {{ address: string, port: number, timeoutMs: number, localAddress?: string }} options
 */
export async function tryTcp({ address, port, timeoutMs, localAddress }) {
  const socket = net.connect({ port, host: address, ...(localAddress ? { localAddress } : {}) });
  try {
    const timer = AbortSignal.timeout(timeoutMs);
    socket.on('error', () => {});
    await once(socket, 'connect', { signal: timer });
    socket.write('x');
    await once(socket, 'data', { signal: timer });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Connections that stay open until the agent ends. @type {net.Socket[]} */
const held = [];

/** Returns the local port. @param {{ address: string, port: number, localAddress?: string }} target */
export async function holdTcp({ address, port, localAddress }) {
  const socket = net.connect({ port, host: address, ...(localAddress ? { localAddress } : {}) });
  held.push(socket);
  await once(socket, 'connect');
  return socket.localPort;
}

/**
 * Sends one byte on the connection from `localPort` that is held, and returns whether data arrives within `timeoutMs`.
 * @param {{ localPort: number, timeoutMs: number }} options
 */
export async function tryHeld({ localPort, timeoutMs }) {
  const socket = held.find((each) => each.localPort === localPort);
  if (!socket) throw new Error(`no connection is held from port ${localPort}`);
  try {
    const arrived = once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
    socket.write('x');
    await arrived;
    return true;
  } catch {
    return false;
  }
}
