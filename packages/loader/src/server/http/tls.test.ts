import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CertificatePlace,
  type MadeCertificate,
  makeCertificatePlace,
} from '../../../test/support/certificates.ts';
import { type ConnectionLimits, Connections, limitsFor } from '../access/connections.ts';
import { allowedFor, foreignHeader } from './allowed-hosts.ts';
import { Certificate } from './certificate.ts';
import { guardHandlers } from './guard-handlers.ts';
import { localUrl, servedUrl } from './served-url.ts';
import { replaceTls } from './tls-server.ts';
import { listen, webServer } from './web-server.ts';

const HOST = '127.0.0.1';
let place: CertificatePlace;
let local: MadeCertificate;
let named: MadeCertificate;
beforeAll(() => {
  place = makeCertificatePlace();
  local = place.make('local');
  named = place.make('named', 'DNS:Web-1.example,DNS:*.pods.example,IP:192.0.2.5,IP:2001:db8::5');
});
afterAll(() => place.remove());

describe('a certificate', () => {
  it('covers its names, addresses and wildcards, and nothing else', () => {
    const certificate = new Certificate(named.pem);
    for (const host of ['web-1.example', 'a.pods.example', '192.0.2.5', '[2001:db8::5]', '2001:db8:0::5'])
      expect(certificate.covers(host), host).toBe(true);
    for (const host of ['named', 'web-2.example', 'a.b.pods.example', '192.0.2.6', '[::1]', 'localhost', ''])
      expect(certificate.covers(host), host).toBe(false);
    expect(certificate.names).toEqual(['web-1.example']);
    expect(certificate.validUntilMs - certificate.validFromMs).toBe(86_400_000);
  });

  it('gives the URL its name, unless it has the address, or the server is on loopback', () => {
    expect(servedUrl('0.0.0.0', 7411, named.pem)).toBe('https://web-1.example:7411');
    expect(servedUrl('192.0.2.9', 7411, named.pem)).toBe('https://web-1.example:7411');
    expect(servedUrl('192.0.2.5', 7411, named.pem)).toBe('https://192.0.2.5:7411');
    expect(servedUrl('2001:db8::5', 7411, named.pem)).toBe('https://[2001:db8::5]:7411');
    expect(servedUrl('localhost', 7411, named.pem)).toBe('https://localhost:7411');
    expect(servedUrl('0.0.0.0', 7411, local.pem)).toBe('https://localhost:7411');
    expect(servedUrl('0.0.0.0', 7411, undefined)).toBe('http://localhost:7411');
    expect(localUrl('0.0.0.0', 7411, named.pem)).toBe('https://localhost:7411');
    expect(localUrl('192.0.2.9', 7411, undefined)).toBe('http://192.0.2.9:7411');
  });

  it('allows its names at the port of the server, over https only', () => {
    const allowed = allowedFor('0.0.0.0', 7411, [], new Certificate(named.pem));
    const foreign = (host: string, origin?: string) => foreignHeader(allowed, host, origin);
    expect(foreign('web-1.example:7411', 'https://web-1.example:7411')).toBeUndefined();
    expect(foreign('WEB-1.example:7411', 'https://a.pods.example:7411')).toBeUndefined();
    expect(foreign('localhost:7411', 'https://localhost:7411')).toBeUndefined();
    expect(foreign('localhost:7411', 'http://localhost:7411')).toBe('Origin');
    expect(foreign('web-1.example:7411', 'http://web-1.example:7411')).toBe('Origin');
    expect(foreign('web-1.example:7411', 'https://web-1.example')).toBe('Origin');
    for (const host of [
      'web-1.example',
      'web-1.example:80',
      'evil.example:7411',
      'x@web-1.example:7411',
      'web-1.example:7411/',
      '%',
    ])
      expect(foreign(host), host).toBe('Host');
    const onDefault = allowedFor('0.0.0.0', 443, [], new Certificate(named.pem));
    expect(foreignHeader(onDefault, 'web-1.example', 'https://web-1.example')).toBeUndefined();
    expect(foreignHeader(onDefault, 'web-1.example:443', 'https://web-1.example')).toBeUndefined();
    expect(foreignHeader(onDefault, 'localhost', 'https://localhost')).toBeUndefined();
  });
});

describe('the web server with TLS', () => {
  const logged: unknown[] = [];
  const sockets: Socket[] = [];
  let connections: Connections;
  let server: ReturnType<typeof webServer>;
  let port: number;

  async function serve(limits: Partial<ConnectionLimits>): Promise<void> {
    const certificate = new Certificate(local.pem);
    server = webServer(
      undefined,
      () => allowedFor(HOST, port, [], certificate),
      [],
      async () => true,
      undefined,
      local.pem,
    );
    connections = new Connections({ warn: (...line) => logged.push(line) }, { ...limitsFor(10_000, 0), ...limits });
    connections.watch(server);
    guardHandlers(server, connections, (error) => logged.push(error));
    port = await listen(server, HOST, 0);
  }
  beforeEach(() => {
    logged.length = 0;
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await vi.waitUntil(() => connections.count === 0);
  });

  async function secure(): Promise<TLSSocket> {
    const socket = connect({ host: HOST, port, rejectUnauthorized: false });
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  function health(agent: Agent): Promise<IncomingMessage> {
    return answered(request({ host: HOST, port, path: '/healthz', agent }));
  }

  it('answers over a verified connection, which counts as one', async () => {
    await serve({});
    const agent = new Agent({ ca: local.pem.cert, keepAlive: true });
    const answer = await health(agent);
    expect(answer.statusCode).toBe(200);
    answer.resume();
    await once(answer, 'end');
    expect(connections.count).toBe(1);
    agent.destroy();
    await vi.waitUntil(() => connections.count === 0);
  });

  it('closes a connection without a request after its time, and not one that had a request', async () => {
    await serve({ requestMs: 300 });
    const agent = new Agent({ ca: local.pem.cert, keepAlive: true, maxSockets: 1 });
    const answer = await health(agent);
    const { socket } = answer;
    answer.resume();
    await once(answer, 'end');
    const silent = await secure();
    silent.resume();
    await once(silent, 'close');
    expect(connections.count).toBe(1);
    expect((await health(agent)).socket).toBe(socket);
    agent.destroy();
  });

  it('does not answer plain HTTP', async () => {
    await serve({});
    await expect(answered(plainRequest({ host: HOST, port, path: '/healthz' }))).rejects.toThrow();
  });

  it('uses another certificate for new connections; an open one stays', async () => {
    await serve({});
    const agent = new Agent({ ca: local.pem.cert, keepAlive: true, maxSockets: 1 });
    const read = async (from: Agent) => {
      const answer = await health(from);
      answer.resume();
      await once(answer, 'end');
      return answer.statusCode;
    };
    expect(await read(agent)).toBe(200);
    replaceTls(server, named.pem);
    expect(await read(agent)).toBe(200);
    await expect(read(new Agent({ ca: local.pem.cert }))).rejects.toThrow(/self-signed|does not match/);
    const fresh = await secure();
    expect(fresh.getPeerX509Certificate()?.subject).toBe('CN=named');
    agent.destroy();
  });

  it('limits connections before, during and after the handshake: the oldest idle one is closed', async () => {
    await serve({ strangers: 3 });
    const silent = connectTcp(port, HOST);
    silent.on('error', () => {});
    sockets.push(silent);
    await once(silent, 'connect');
    await vi.waitUntil(() => connections.count === 1);
    const first = await secure();
    const second = await secure();
    expect(connections.count).toBe(3);
    const closed = once(silent, 'close');
    await secure();
    await closed;
    expect(connections.count).toBe(3);
    const alsoClosed = once(first, 'close');
    const last = await secure();
    await alsoClosed;
    expect([second.destroyed, last.destroyed]).toEqual([false, false]);
  });

  it('closes a connection that breaks the handshake, and goes on', async () => {
    await serve({});
    const socket = connectTcp(port, HOST);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await secure()).encrypted).toBe(true);
  });
});

async function answered(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}
