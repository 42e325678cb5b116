/** For tests: speaks the hub's protocol with people on loopback, and decides nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rejection } from '@packetlog/common';
import { type FleetNode, type HubHello, type NodeReport, nodePath } from '@packetlog/common/fleet';
import { Server } from 'socket.io';
import { TOKEN } from './fake-loader.ts';

export const HELLO: HubHello = {
  version: '0.0.0',
  hub: 'fake',
  started_at_ms: 0,
  person: 'anna',
  role: { kind: 'admin' },
  has_history: false,
};

export interface FakeHub {
  readonly url: string;
  readonly server: Server;
  /** What a loader says through the hub: the socket of each node that has one. */
  readonly nodes: ReadonlyMap<string, Server>;
  /** Requests that came, by event. */
  readonly asked: [event: string, request: unknown][];
  /** What requests get; no answer while it is undefined. */
  answer: ((event: string, request: unknown) => unknown) | undefined;
  /** Why handshakes are rejected; undefined lets them in. */
  rejection: Rejection | undefined;
  close(): Promise<void>;
}

export async function startFakeHub({ port = 0, nodes = [] as readonly string[] } = {}): Promise<FakeHub> {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'] });
  const fake: FakeHub = {
    url: '',
    server,
    nodes: new Map(
      nodes.map((name) => [
        name,
        new Server(http, { path: `${nodePath(name)}socket.io/`, transports: ['websocket'], destroyUpgrade: false }),
      ]),
    ),
    asked: [],
    answer: () => ({ ok: true, value: {} }),
    rejection: undefined,
    close: () => server.close(),
  };
  server.use((socket, next) => {
    const rejection: Rejection | undefined =
      socket.handshake.auth['token'] === TOKEN ? fake.rejection : { code: 'unauthorized', message: 'Wrong token.' };
    next(rejection === undefined ? undefined : Object.assign(new Error(rejection.message), { data: rejection }));
  });
  server.on('connection', (socket) => {
    socket.emit('hub', HELLO);
    socket.emit('fleet', { at_ms: 1_000, is_full: true, nodes: [nodeOf('web1'), nodeOf('web2')], removed: [] });
    socket.emit('groups', { groups: [{ name: 'default', nodes: 2 }] });
    socket.onAny((event: string, request: unknown, acknowledge: (answer: unknown) => void) => {
      fake.asked.push([event, request]);
      if (fake.answer !== undefined) acknowledge(fake.answer(event, request));
    });
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return Object.assign(fake, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

/** A node that reports `packets` a second. */
export function nodeOf(name: string, packets = 10): FleetNode {
  const report: NodeReport = {
    at_ms: 1_000,
    version: '0.0.0',
    session_id: 'session',
    started_at_ms: 0,
    interfaces: [{ name: 'eth0', mode: 'native', state: 'attached' }],
    ...{ interval_ms: 1_000, packets, bytes: packets * 60, denied: 0, top_sources: [], top_ports: [] },
    ledger: { seen: packets, permitted: packets, denied: 0, aborted: 0, sampled_out: 0, filtered_out: 0, ring_full: 0 },
    recorder: 'off',
    rules: { revision: 1 },
  };
  return { name, group: 'default', joined_at_ms: 0, key: '0123456789abcdef', heard_at_ms: 1_000, report };
}
