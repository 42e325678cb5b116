import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SHIP_PATH } from '@packetlog/common/fleet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Block } from '../ipc/fleet/fleet-access.ts';
import { HubAgent } from './hub-agent.ts';
import type { OpenSession } from './hub-connection.ts';
import { ShipLoop } from './ship-loop.ts';

const TOKEN = 't'.repeat(43);
const block: Block = { table: 'packets', stream: 's'.repeat(43), sequence: 7, rows: 3, bytes: Buffer.from('block') };

let server: Server;
let answers: ((response: ServerResponse) => void)[] = [];
let requests: { readonly request: IncomingMessage; readonly body: string }[] = [];
let loop: ShipLoop | undefined;

beforeEach(async () => {
  [answers, requests] = [[], []];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    requests.push({ request, body });
    const answer = answers.shift();
    if (answer === undefined) request.socket.destroy();
    else answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  loop?.end();
  server.closeAllConnections();
  server.close();
});

/** Offers the block until it was shipped. */
function start(ship: 'nothing' | 'denied' | 'all' = 'denied') {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent = new HubAgent(url, { ca: undefined, fingerprints: [] });
  const session = { hub: 0, url, agent, welcome: { session_token: TOKEN, ship } } as OpenSession;
  const pauses: number[] = [];
  const shipped = vi.fn<(answer: object) => void>();
  const block_ = vi.fn(async () => ({ ok: true as const, value: shipped.mock.calls.length === 0 ? block : undefined }));
  const warn = vi.fn<(problem: string) => void>();
  const core = {
    block: block_,
    shipped: async (answer: object) => {
      shipped(answer);
      return { ok: true as const, value: undefined };
    },
  };
  const pauseMs = (ms: number) => {
    pauses.push(ms);
    return 1;
  };
  loop = new ShipLoop({ session, core, warn, pauseMs });
  return { shipped, warn, pauses, asked: block_ };
}

const status =
  (code: number, body = '{}', headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end(body);
  };

describe('blocks of recorded packets', () => {
  it('are sent with their facts, and the answer reaches the core', async () => {
    answers = [status(200)];
    const { shipped } = start();
    await vi.waitUntil(() => shipped.mock.calls.length > 0, 20_000);
    expect(shipped).toHaveBeenCalledWith({ table: 'packets', sequence: 7, result: 'acknowledged' });
    const [sent] = requests;
    expect([sent?.request.method, sent?.request.url, sent?.body]).toEqual(['POST', SHIP_PATH, 'block']);
    expect(sent?.request.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-encoding': 'gzip',
      'packetlog-table': 'packets',
      'packetlog-stream': block.stream,
      'packetlog-sequence': '7',
      'packetlog-rows': '3',
    });
  });

  it.each([
    [400, '{}', { result: 'malformed' }],
    [413, '{}', { result: 'malformed' }],
    [409, '{"next":3}', { result: 'missing', next: 3 }],
    [409, '{"next":"x"}', { result: 'missing' }],
  ])('that are answered with %i %s are %j', async (code, body, result) => {
    answers = [status(code, body)];
    const { shipped } = start();
    await vi.waitUntil(() => shipped.mock.calls.length > 0, 20_000);
    expect(shipped).toHaveBeenCalledWith({ table: 'packets', sequence: 7, ...result });
  });

  it('are sent again when the hub is full, fails, or breaks the connection', async () => {
    answers = [status(503, '{}', { 'Retry-After': '7' }), status(500), (response) => response.destroy(), status(200)];
    const { shipped, pauses, warn } = start();
    await vi.waitUntil(() => shipped.mock.calls.length > 0, 20_000);
    expect(requests.map(({ request }) => request.headers['packetlog-sequence'])).toEqual(['7', '7', '7', '7']);
    expect(pauses[0]).toBe(7000);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('are not asked for if the hub wants none, and not after the end', async () => {
    expect(start('nothing').asked).not.toHaveBeenCalled();
    answers = [status(200)];
    const { asked, shipped, pauses } = start();
    await vi.waitUntil(() => shipped.mock.calls.length > 0 && pauses.length > 2, 20_000);
    loop?.end();
    const { length } = asked.mock.calls;
    await vi.waitUntil(() => pauses.length > 0, 20_000);
    expect(asked.mock.calls.length - length).toBeLessThan(2);
  });
});
