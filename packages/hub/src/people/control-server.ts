/**
 * Answers commands on the hub's machine over a Unix socket that only its owner can open: `POST /fleet/VERB`, and
 * `POST /backup` with the lines of a backup. A command may do everything.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type FleetAnswer, type FleetVerb, MAX_GENERATION_BYTES } from '@packetlog/common/fleet';
import { type FleetRequests, isFleetVerb } from '../requests/fleet-requests.ts';
import type { Caller } from '../requests/handlers.ts';
import { StateError } from '../state/hub-state.ts';

const PATH = /^\/fleet\/([a-z_]+)$/;
const BACKUP_PATH = '/backup';
const USER_HEADER = 'packetlog-user';
const OWNER_ONLY = 0o600;

/** What the commands ask. */
interface Controlled {
  readonly requests: FleetRequests;
  backup(): AsyncIterable<string>;
}

/**
 * Resolves when the socket is open. A socket that an ended hub left is replaced. Throws StateError if another hub answers
 * there: hubs on one machine that share their state need a socket each.
 */
export async function openControlServer(path: string, hub: Controlled): Promise<Server> {
  const { requests } = hub;
  const server = createServer((request, response) => {
    if (request.url === BACKUP_PATH && request.method === 'POST') {
      pipeline(Readable.from(hub.backup()), response).catch(() => response.destroy());
      return;
    }
    answer(requests, request).then(
      (result) => send(response, 200, result),
      (error: unknown) => send(response, 400, { ok: false, error: { code: 'invalid', message: String(error) } }),
    );
  });
  if (await isAnswered(path)) {
    throw new StateError('listen on', path, 'another hub answers there', 'Choose another path with --socket.');
  }
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  chmodSync(path, OWNER_ONLY);
  return server;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function answer(requests: FleetRequests, request: IncomingMessage): Promise<FleetAnswer<FleetVerb>> {
  const verb = PATH.exec(request.url ?? '')?.[1] ?? '';
  if (request.method !== 'POST' || !isFleetVerb(verb)) {
    return { ok: false, error: { code: 'not_found', message: 'Use POST /fleet/VERB of this version.' } };
  }
  return requests.ask(verb, JSON.parse(await bodyOf(request)), callerOf(request));
}

function callerOf({ headers }: IncomingMessage): Caller {
  const user = headers[USER_HEADER];
  return { person: typeof user === 'string' ? user : 'root', role: { kind: 'admin' } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_GENERATION_BYTES) throw new Error(`The request has more than ${MAX_GENERATION_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
