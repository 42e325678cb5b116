/** For tests: speaks the loader's protocol on loopback, and decides nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ClientLedger,
  encodeBatch,
  type Hello,
  type PacketLog,
  PROTOCOL_VERSION,
  type Rejection,
} from '@packetlog/common';
import { Server, type Socket } from 'socket.io';

export const TOKEN = 'token-of-the-fake';

export interface FakeLoader {
  readonly url: string;
  readonly server: Server;
  /** Requests that came, by event. */
  readonly asked: [event: string, request: unknown][];
  /** What `rules:*` and `subscribe` answer; nothing at all while it is undefined. */
  answer: ((event: string, request: unknown) => unknown) | undefined;
  /** Why handshakes are rejected; undefined lets them in. */
  rejection: Rejection | undefined;
  /** Handshakes that were rejected. */
  rejections: number;
  /** Resolves with the next socket that subscribes. */
  subscribed(): Promise<Socket>;
  close(): Promise<void>;
}

type Omitted = Pick<ClientLedger, 'dropped' | 'withheld' | 'filtered'>;

export async function startFakeLoader(port = 0): Promise<FakeLoader> {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'] });
  let onSubscribe: ((socket: Socket) => void)[] = [];
  const fake: FakeLoader = {
    url: '',
    server,
    asked: [],
    answer: () => ({ ok: true, value: {} }),
    rejection: undefined,
    rejections: 0,
    subscribed: () => new Promise((resolve) => onSubscribe.push(resolve)),
    close: () => server.close(),
  };
  server.use((socket, next) => {
    const rejection: Rejection | undefined =
      socket.handshake.auth['token'] === TOKEN ? fake.rejection : { code: 'unauthorized', message: 'Wrong token.' };
    if (rejection !== undefined) fake.rejections++;
    next(rejection === undefined ? undefined : Object.assign(new Error(rejection.message), { data: rejection }));
  });
  server.on('connection', (socket) => {
    socket.emit('hello', { ...loaderHello(), admin: socket.handshake.auth['admin_token'] !== undefined });
    socket.onAny((event: string, request: unknown, acknowledge: (answer: unknown) => void) => {
      fake.asked.push([event, request]);
      if (fake.answer === undefined) return;
      acknowledge(fake.answer(event, request));
      if (event !== 'subscribe') return;
      for (const resolve of onSubscribe) resolve(socket);
      onSubscribe = [];
    });
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return Object.assign(fake, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

/** The first message of a loader. */
export function loaderHello(): Hello {
  return {
    protocol: PROTOCOL_VERSION,
    version: '0.0.0',
    node: 'fake',
    boot_id: 'boot',
    session_id: 'session',
    started_at_ms: 0,
    interfaces: [],
    transport: 'array',
    clock: { policy: 'precise', error_ns: 0 },
    limits: { max_rows_per_second: 1000 },
  };
}

export function rows(sequence: number, count: number, omitted: Partial<Omitted> = {}): Uint8Array {
  const { dropped = 0, withheld = 0, filtered = 0 } = omitted;
  const record: PacketLog = {
    timestamp_ns: 1n,
    src_addr: '192.0.2.1',
    dst_addr: '192.0.2.2',
    rule_id: 0,
    ifindex: 1,
    length: 60,
    weight: 1,
    src_port: sequence,
    dst_port: 443,
    ether_type: 0x0800,
    vlan_id: 0,
    ip_protocol: 6,
    tcp_flags: 2,
    action: 2,
    reason: 0,
  };
  const header = { sequence, offered: count + dropped + withheld, dropped, withheld, filtered };
  return encodeBatch(
    header,
    Array.from({ length: count }, () => record),
  );
}
