/**
 * Sends traffic inside the lab. Every sender reports exactly how much it passed to the kernel; the interface counters
 * show what went over the wire.
 */
import net, { type AddressInfo } from 'node:net';
import type { Namespace } from './namespace.ts';
import type { End } from './network.ts';

export interface Sent {
  readonly sent: number;
  /** Number of failed sends, by error. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface UdpOptions {
  readonly address: string;
  readonly count: number;
  /** Destination ports, in turn. */
  readonly ports?: readonly number[];
  /** One socket each, in turn; 0 lets the kernel choose. */
  readonly sourcePorts?: readonly number[];
  /** With 4 bytes or more, the first four hold the datagram's number, most significant first. */
  readonly payloadBytes?: number;
  readonly perSecond?: number;
}

export async function sendUdp(from: Namespace, options: UdpOptions): Promise<Sent & { sourcePorts: number[] }> {
  const defaults = { ports: [9], sourcePorts: [0], payloadBytes: 32 };
  return (await from.agent()).ask('sendUdp', { ...defaults, ...options });
}

export interface UdpReceiver {
  readonly port: number;
  /** Counts so far. `distinct` counts numbers, so that duplicates show. */
  received(): Promise<{ received: number; bytes: number; distinct: number }>;
}

export async function receiveUdp(at: Namespace, address: string, port = 0): Promise<UdpReceiver> {
  const agent = await at.agent();
  const bound = await agent.ask<number>('listenUdp', { address, port });
  return { port: bound, received: () => agent.ask('udpReceived', bound) };
}

export interface TcpEcho {
  readonly port: number;
  received(): Promise<{ connections: number; bytes: number }>;
}

export async function startTcpEcho(at: Namespace, address: string, port = 0): Promise<TcpEcho> {
  const agent = await at.agent();
  const bound = await agent.ask<number>('listenTcp', { address, port });
  return { port: bound, received: () => agent.ask('tcpReceived', bound) };
}

export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  /** One after the other. */
  readonly connections?: number;
  /** On each, there and back. */
  readonly bytes?: number;
}

export async function exchangeTcp(
  from: Namespace,
  options: TcpOptions,
): Promise<{ connections: number; echoed: number; sourcePorts: number[] }> {
  return (await from.agent()).ask('exchangeTcp', { connections: 1, bytes: 1000, ...options });
}

export interface FrameOptions {
  readonly repeat?: number;
  readonly perSecond?: number;
}

/** Sends raw frames out of an interface. `retries` counts how often its queue was full. */
export async function sendFrames(
  from: End,
  frames: readonly Uint8Array[],
  options: FrameOptions = {},
): Promise<Sent & { retries: number }> {
  return (await from.namespace.agent()).ask('sendFrames', { repeat: 1, ...options, ifindex: from.ifindex, frames });
}

export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Makes a TCP server in (or reachable from) a namespace available at 127.0.0.1 outside, by default at the same port, so
 * that Host and Origin stay valid; 0: a port that is free here, for a server that starts later. Accepted sockets are
 * passed to the agent inside.
 */
export async function forwardPort(
  to: Namespace,
  port: number,
  localPort = port,
  address = '127.0.0.1',
): Promise<Forward> {
  const agent = await to.agent();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    agent.ask('connectTo', { address, port: port || bound }, socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(localPort, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
