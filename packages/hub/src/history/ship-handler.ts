/** Answers `POST SHIP_PATH`: authenticates the node, bounds what it sends, and says whether the block was taken. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_SHIPPED_BYTES, MAX_SHIPPED_ROWS, nonceSchema, SHIP_HEADERS, SHIP_TABLES } from '@packetlog/common/fleet';
import * as z from 'zod/mini';
import type { ConnectionAccess } from '../nodes/connection-access.ts';
import type { NodeLinks } from '../nodes/node-link.ts';
import type { History, Receipt } from './history.ts';

/** Bodies that are read or checked at the same time: each can take MAX_SHIPPED_BYTES, and as much decompressed. */
const MAX_AT_ONCE = 8;
/** Those of nodes that wait for one of these places. */
const BUSY_RETRY_S = 1;
const FULL_RETRY_S = 10;
/** For a whole body. */
const BODY_MS = 60_000;

const whole = z.string().check(z.regex(/^\d{1,15}$/));
const headersSchema = z.object({
  authorization: z.string().check(z.regex(/^Bearer [A-Za-z0-9_-]{43}$/)),
  'content-encoding': z.literal('gzip'),
  'content-length': whole,
  [SHIP_HEADERS.table]: z.enum(SHIP_TABLES),
  [SHIP_HEADERS.stream]: nonceSchema,
  [SHIP_HEADERS.sequence]: whole,
  [SHIP_HEADERS.rows]: whole,
});

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly retryAfterS?: number;
}

/** `history`: undefined if the hub keeps none. The caller has checked method and path. */
export function shipHandler(
  links: Pick<NodeLinks, 'bySessionToken'>,
  history: History | undefined,
  access: Pick<ConnectionAccess, 'admitted'> = { admitted: () => {} },
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let running = 0;
  return async (request, response) => {
    if (running >= MAX_AT_ONCE) return answer(response, { status: 503, retryAfterS: BUSY_RETRY_S });
    running++;
    try {
      answer(response, await receive(request, links, history, access));
    } catch {
      // The node has gone, or was too slow.
      request.destroy();
    } finally {
      running--;
    }
  };
}

async function receive(
  request: IncomingMessage,
  links: Pick<NodeLinks, 'bySessionToken'>,
  history: History | undefined,
  access: Pick<ConnectionAccess, 'admitted'>,
): Promise<Answer> {
  const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  const node = token === undefined ? undefined : links.bySessionToken(token)?.name;
  if (node === undefined) return { status: 401, body: { error: 'Prove your key on this hub first.' } };
  access.admitted(request.socket);
  if (history === undefined) return { status: 404, body: { error: 'This hub keeps no history.' } };
  const { success, data } = headersSchema.safeParse(request.headers);
  if (!success) return { status: 400, body: { error: 'A header of the block is missing or invalid.' } };
  const length = Number(data['content-length']);
  const rows = Number(data[SHIP_HEADERS.rows]);
  if (length > MAX_SHIPPED_BYTES || rows > MAX_SHIPPED_ROWS) return { status: 413 };
  if (history.isFull(length)) return { status: 503, retryAfterS: FULL_RETRY_S };
  const body = await readBody(request, length);
  const receipt = await history.receive({
    ...{ node, rows, body },
    table: data[SHIP_HEADERS.table],
    stream: data[SHIP_HEADERS.stream],
    sequence: Number(data[SHIP_HEADERS.sequence]),
  });
  return answerTo(receipt);
}

function answerTo(receipt: Receipt): Answer {
  switch (receipt.kind) {
    case 'stored':
    case 'duplicate':
      return { status: 200, body: { duplicate: receipt.kind === 'duplicate' } };
    case 'missing':
      return { status: 409, body: { next: receipt.next } };
    case 'malformed':
      return { status: 400, body: { error: `The block is malformed: ${receipt.why}.` } };
    case 'full':
      return { status: 503, retryAfterS: FULL_RETRY_S };
  }
}

/** Rejects if the body does not come in time, or has another length. */
async function readBody(request: IncomingMessage, length: number): Promise<Buffer> {
  const body = Buffer.allocUnsafe(length);
  const late = setTimeout(() => request.destroy(new Error('the block came too slowly')), BODY_MS);
  let at = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (at + chunk.length > length) throw new Error('the block is longer than its header says');
      chunk.copy(body, at);
      at += chunk.length;
    }
  } finally {
    clearTimeout(late);
  }
  if (at < length) throw new Error('the block is shorter than its header says');
  return body;
}

function answer(response: ServerResponse, { status, body, retryAfterS }: Answer): void {
  if (retryAfterS !== undefined) response.setHeader('Retry-After', retryAfterS);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    Connection: status === 200 ? 'keep-alive' : 'close',
  });
  response.end(JSON.stringify(body ?? {}));
}
