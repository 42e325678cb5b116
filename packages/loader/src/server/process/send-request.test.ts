import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificatePlace } from '../../../test/support/certificates.ts';
import { sendRequest } from './send-request.ts';

let servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of servers) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers = [];
});

async function listening(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const serving = (handler: RequestListener) => listening(createServer(handler));
const post = (port: number, timeout_ms = 5000) =>
  sendRequest({ url: `http://127.0.0.1:${port}/hook`, headers: { 'X-One': '1' }, body: '{"ü":1}', timeout_ms });

describe('a request', () => {
  it('is sent once, with its headers and body, and returns the beginning of the answer', async () => {
    const got: unknown[] = [];
    const port = await serving(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      got.push([request.method, request.url, request.headers['x-one'], Buffer.concat(pieces).toString()]);
      response.writeHead(202).end('thank you');
    });
    expect(await post(port)).toEqual({ status: 202, text: 'thank you' });
    expect(got).toEqual([['POST', '/hook', '1', '{"ü":1}']]);
  });

  it('does not follow a redirect', async () => {
    const got: (string | undefined)[] = [];
    const port = await serving((request, response) => {
      got.push(request.url);
      response.writeHead(307, { Location: '/elsewhere' }).end();
    });
    expect(await post(port)).toEqual({ status: 307, text: '' });
    expect(got).toEqual(['/hook']);
  });

  it('reads at most the beginning of an answer without an end', async () => {
    const port = await serving((_, response) => {
      const write = () => response.write('x'.repeat(10_000), (error) => error || setImmediate(write));
      write();
    });
    expect(await post(port)).toEqual({ status: 200, text: 'x'.repeat(200) });
  });

  it.each([
    ['never answers', (() => {}) as RequestListener],
    ['sends headers and no body', ((_, response) => response.flushHeaders()) as RequestListener],
  ])('ends in time where the target %s', async (_, handler) => {
    expect(await post(await serving(handler), 200)).toEqual({ text: 'no answer within 0.2 s' });
  });

  it('says what failed where the target closes, speaks no HTTP, or is not there', async () => {
    const port = await serving((request) => request.socket.destroy());
    expect(await post(port)).toEqual({ text: 'socket hang up' });
    const other = await listening(
      createTcpServer((socket) =>
        socket
          .on('error', () => {})
          .resume()
          .end('SSH-2.0-x\r\n'),
      ),
    );
    expect(await post(other)).toEqual({ text: expect.stringMatching(/Parse Error/) });
    const gone = await serving(() => {});
    servers.pop()?.close();
    expect(await post(gone)).toEqual({ text: expect.stringMatching(/ECONNREFUSED/) });
  });

  it('is not sent to a server without a valid certificate', async () => {
    const place = makeCertificatePlace();
    try {
      const { pem } = place.make('localhost');
      let requests = 0;
      const port = await listening(createTlsServer(pem, () => requests++));
      const sent = { url: `https://localhost:${port}/`, headers: {}, body: '', timeout_ms: 5000 };
      expect(await sendRequest(sent)).toEqual({ text: expect.stringMatching(/self-signed certificate/) });
      expect(requests).toBe(0);
    } finally {
      place.remove();
    }
  });

  it.each([
    [{ url: 'file:///etc/passwd' }],
    [{ url: 'unix:/run/x' }],
    [{ headers: { 'X-One': 'a\r\nX-Two: b' } }],
    [{ timeout_ms: 1e9 }],
    [{ method: 'GET' }],
  ])('is checked: %j is not sent', async (more) => {
    const given = { url: 'http://127.0.0.1:9/', headers: {}, body: '', timeout_ms: 100, ...more };
    expect(await sendRequest(given as never)).toEqual({ text: 'the core requested an invalid request' });
  });
});
