// @ts-check
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { pace } from './pace.mjs';

/** Bytes at the beginning of a payload that hold the datagram's number. */
const SEQUENCE = 4;

/**
 * Returns an unconnected socket: a connected one fails its next send when the other side answers "port unreachable".
 * @param {string} address
 */
function createSocket(address) {
  const family = net.isIPv6(address) ? 6 : 4;
  return dgram.createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Only addresses are used: skip the name service.
    lookup: (name, _options, callback) => process.nextTick(callback, null, name, family),
  });
}

/** @type {(socket: dgram.Socket, payload: Uint8Array, port: number, address: string) => Promise<void>} */
const sendOne = (socket, payload, port, address) =>
  new Promise((resolve, reject) => socket.send(payload, port, address, (error) => (error ? reject(error) : resolve())));

/**
 * Sends `count` datagrams with the numbers 0, 1, …, rotating through the source and destination ports.
 * `from`: source address; by default the kernel selects it by route.
 * @param {{ address: string, from?: string, ports: number[], sourcePorts: number[], count: number, payloadBytes: number, perSecond?: number }} options
 */
export async function sendUdp({ address, from, ports, sourcePorts, count, payloadBytes, perSecond }) {
  const sockets = await Promise.all(
    sourcePorts.map(async (port) => {
      const socket = createSocket(address);
      socket.bind(port, from);
      await once(socket, 'listening');
      return socket;
    }),
  );
  const payload = Buffer.alloc(payloadBytes, 0xa5);
  let sent = 0;
  const errors = /** @type {Record<string, number>} */ ({});
  await pace(count, perSecond, async (i) => {
    if (payloadBytes >= SEQUENCE) payload.writeUInt32BE(i, 0);
    try {
      const socket = /** @type {dgram.Socket} */ (sockets[i % sockets.length]);
      await sendOne(socket, payload, /** @type {number} */ (ports[i % ports.length]), address);
      sent++;
    } catch (error) {
      const code = String(/** @type {NodeJS.ErrnoException} */ (error).code);
      errors[code] = (errors[code] ?? 0) + 1;
    }
  });
  const used = sockets.map((socket) => socket.address().port);
  for (const socket of sockets) socket.close();
  return { sent, errors, sourcePorts: used };
}

/** @type {Map<number, { received: number, bytes: number, numbers: Set<number> }>} */
const received = new Map();

/** @param {{ address: string, port: number }} options */
export async function listenUdp({ address, port }) {
  const socket = createSocket(address);
  socket.bind(port, address);
  await once(socket, 'listening');
  socket.setRecvBufferSize(8 << 20);
  const counts = { received: 0, bytes: 0, numbers: /** @type {Set<number>} */ (new Set()) };
  socket.on('message', (message) => {
    counts.received++;
    counts.bytes += message.length;
    if (message.length >= SEQUENCE) counts.numbers.add(message.readUInt32BE(0));
  });
  received.set(socket.address().port, counts);
  return socket.address().port;
}

/** @param {number} port */
export function udpReceived(port) {
  const counts = received.get(port);
  if (!counts) throw new Error(`nothing listens on UDP port ${port}`);
  return { received: counts.received, bytes: counts.bytes, distinct: counts.numbers.size };
}

/** Answers each datagram with its own payload, as a name server would. @param {{ address: string, port: number }} options */
export async function echoUdp({ address, port }) {
  const socket = createSocket(address);
  socket.bind(port, address);
  await once(socket, 'listening');
  const counts = { received: 0, bytes: 0, numbers: /** @type {Set<number>} */ (new Set()) };
  socket.on('message', (message, peer) => {
    counts.received++;
    counts.bytes += message.length;
    socket.send(message, peer.port, peer.address);
  });
  received.set(socket.address().port, counts);
  return socket.address().port;
}

/**
 * Asks from a new socket, and returns whether an answer arrives within `timeoutMs`.
 * @param {{ address: string, port: number, timeoutMs: number }} options
 */
export async function askUdp({ address, port, timeoutMs }) {
  const socket = createSocket(address);
  try {
    const arrived = once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) });
    await sendOne(socket, Buffer.from('question'), port, address);
    await arrived;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
