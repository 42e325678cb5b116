/** A hub on loopback that serves the page and speaks its protocol with people. It has simulated nodes, and decides nothing. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Hello, PROTOCOL_VERSION } from '@packetlog/common';
import { type FleetNode, type HubHello, nodePath, type Role } from '@packetlog/common/fleet';
import { Server } from 'socket.io';
import { groupsOf, simulatedNodes } from './simulated-reports.ts';

export const PERSON_TOKEN = 'a-token-of-a-person-0123456789';

const PAGE = fileURLToPath(new URL('../../apps/dashboard/out/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.woff2': 'font/woff2',
};

export interface FakeHub {
  readonly origin: string;
  /** The page with the token of the person. */
  readonly url: string;
  /** Requests that came, by event. */
  readonly asked: [event: string, request: unknown][];
  /** Names of the nodes whose loaders were used, with the token that came. */
  readonly opened: [node: string, token: unknown][];
  /** Values of answers by verb; {} for others. An Error rejects with its message, as a conflict. */
  readonly answers: Map<string, unknown>;
  readonly nodes: readonly FleetNode[];
  close(): Promise<void>;
}

export async function startFakeHub(count: number, role: Role = { kind: 'admin' }): Promise<FakeHub> {
  const http = createServer((request, response) => void sendPage(request.url ?? '/', response));
  const server = new Server(http, { transports: ['websocket'], destroyUpgrade: false });
  const startedAt = Date.now();
  const asked: FakeHub['asked'] = [];
  const opened: FakeHub['opened'] = [];
  const answers: FakeHub['answers'] = new Map();
  const nodes = simulatedNodes(count, startedAt);
  const groups = { groups: groupsOf(nodes, startedAt) };
  const hello: HubHello = {
    ...{ version: '1.0.0', hub: 'hub-1', started_at_ms: startedAt, person: 'anna', role, has_history: false },
  };
  server.use((socket, next) => {
    const data = { code: 'unauthorized', message: 'The hub does not know this token.' };
    next(
      socket.handshake.auth['token'] === PERSON_TOKEN ? undefined : Object.assign(new Error(data.message), { data }),
    );
  });
  server.on('connection', (socket) => {
    socket.emit('hub', hello);
    socket.emit('fleet', { at_ms: Date.now(), is_full: true, nodes, removed: [] });
    socket.emit('groups', groups);
    socket.onAny((event: string, request: unknown, acknowledge: (answer: unknown) => void) => {
      // The page meets a hub as if it were a loader.
      if (!event.startsWith('fleet:')) return;
      if (event === 'fleet:groups') return acknowledge({ ok: true, value: groups });
      asked.push([event, request]);
      const value = answers.get(event.slice('fleet:'.length)) ?? {};
      if (value instanceof Error) acknowledge({ ok: false, error: { code: 'conflict', message: value.message } });
      else acknowledge({ ok: true, value });
    });
  });
  // Those that are not silent report once a second.
  const reporting = nodes.filter(({ heard_at_ms }) => heard_at_ms === startedAt);
  const timer = setInterval(() => {
    const now = Date.now();
    server.emit('fleet', {
      ...{ at_ms: now, is_full: false, removed: [] },
      nodes: reporting.map((node) => ({ ...node, heard_at_ms: now })),
    });
  }, 1_000);
  const loaders = nodes.slice(0, 3).map(({ name }) => {
    const loader = new Server(http, {
      path: `${nodePath(name)}socket.io/`,
      transports: ['websocket'],
      destroyUpgrade: false,
    });
    loader.on('connection', (socket) => {
      opened.push([name, socket.handshake.auth['token']]);
      socket.emit('hello', loaderHello(name));
      socket.onAny((...parts: unknown[]) => {
        const acknowledge = parts.at(-1);
        if (typeof acknowledge === 'function')
          acknowledge({ ok: false, error: { code: 'unavailable', message: 'It is simulated.' } });
      });
    });
    return loader;
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const close = async () => {
    clearInterval(timer);
    for (const each of [server, ...loaders]) each.disconnectSockets(true);
    http.closeAllConnections();
    await server.close();
  };
  return { origin, url: `${origin}/#token=${PERSON_TOKEN}`, asked, opened, answers, nodes, close };
}

function loaderHello(node: string): Hello {
  return {
    ...{ protocol: PROTOCOL_VERSION, version: '1.0.0', node, boot_id: 'boot', session_id: node, started_at_ms: 0 },
    interfaces: [{ name: 'eth0', ifindex: 2, mode: 'native', state: 'attached' }],
    transport: 'array',
    clock: { policy: 'precise', error_ns: 0 },
    limits: { max_rows_per_second: 1000 },
  };
}

async function sendPage(url: string, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(url, 'http://hub');
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  try {
    const content = await readFile(join(PAGE, extname(name) === '' ? `${name}.html` : decodeURIComponent(name)));
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'text/html; charset=utf-8');
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}
