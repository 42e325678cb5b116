/** What can be sent to the web server before it is a WebSocket: paths, methods, broken and slow requests. Needs root. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { attackedLoader } from './attacked-loader.ts';
import { exchange, open, requestText, upgradeText } from './raw-http.ts';

const BUILT = fileURLToPath(new URL('../../apps/dashboard/out', import.meta.url));
const SECRET = 'the content of a file that is not part of the dashboard';

const PATHS = [
  '/../secret.txt',
  '/../../../../../../etc/passwd',
  '/_next/../../secret.txt',
  '/_next/static/../../../secret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/%252e%252e/secret.txt',
  '/%c0%ae%c0%ae/secret.txt',
  '/%uff0e%uff0e/secret.txt',
  '/..;/secret.txt',
  '/.%00./secret.txt',
  '/index.html%00.txt',
  '/index.html\u0000',
  '/%00',
  '/%',
  '/%e0%a4%a',
  '//secret.txt',
  '///etc/passwd',
  '/./secret.txt',
  '/.env',
  '/.git/config',
  '/secret.txt',
  '/_next/',
  '/_next/static/',
  '/__proto__',
  '/constructor',
  '/toString',
  '/rules/..',
  '/rules%2f',
  '*',
  'secret.txt',
  'file:///etc/passwd',
  'http://evil.example/',
  'http://evil.example/../secret.txt',
  '/socket.io/../secret.txt',
  `/${'a/'.repeat(4000)}`,
  `/${'../'.repeat(2000)}etc/passwd`,
];

const MALFORMED: readonly (readonly [name: string, bytes: string])[] = [
  ['no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'],
  ['no version', 'GET /\r\n\r\n'],
  ['HTTP/0.9', 'GET / HTTP/0.9\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9.9', 'GET / HTTP/9.9\r\nHost: localhost:PORT\r\n\r\n'],
  ['an unknown method', 'HACK / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n'],
  ['a method of 10,000 letters', `${'A'.repeat(10_000)} / HTTP/1.1\r\n\r\n`],
  ['a target of 100,000 letters', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n`],
  ['endless headers', `GET / HTTP/1.1\r\nHost: localhost:PORT\r\n${'X: y\r\n'.repeat(20_000)}\r\n`],
  ['one endless header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`],
  ['a header without a name', 'GET / HTTP/1.1\r\nHost: localhost:PORT\r\n: x\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : localhost:PORT\r\n\r\n'],
  ['lines that end with LF alone, and a CR', 'GET / HTTP/1.1\nHost: localhost:PORT\rX: y\n\n'],
  ['a NUL in a value', 'GET / HTTP/1.1\r\nHost: localhost:PORT\r\nX: a\u0000b\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['an unknown coding', 'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: xchunked\r\n\r\n'],
  [
    'a chunk with a huge size',
    'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
  ],
  ['a negative length', 'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: -1\r\n\r\n'],
  ['CONNECT', 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n'],
];

const UPGRADES: readonly (readonly [name: string, target: string])[] = [
  ['another path', '/'],
  ['a path that begins alike', '/socket.io.evil/?EIO=4&transport=websocket'],
  ['an old protocol', '/socket.io/?EIO=3&transport=websocket'],
  ['no protocol', '/socket.io/?transport=websocket'],
  ['polling', '/socket.io/?EIO=4&transport=polling'],
  ['webtransport', '/socket.io/?EIO=4&transport=webtransport'],
  ['an inherited transport', '/socket.io/?EIO=4&transport=__proto__'],
  ['two transports', '/socket.io/?EIO=4&transport=websocket&transport=polling'],
  ['a session that does not exist', '/socket.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA'],
  ['an inherited session', '/socket.io/?EIO=4&transport=websocket&sid=__proto__'],
];

/** Every answer has them. */
const CHECKLIST: readonly (readonly [name: string, value: RegExp])[] = [
  [
    'content-security-policy',
    /^default-src 'none';(?!.*unsafe-eval).*base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  ],
  ['x-content-type-options', /^nosniff$/],
  ['referrer-policy', /^no-referrer$/],
  ['permissions-policy', /camera=\(\).*microphone=\(\)/],
  ['cross-origin-opener-policy', /^same-origin$/],
  ['cross-origin-resource-policy', /^same-origin$/],
];
/** No answer has them. */
const ABSENT = [
  'server',
  'x-powered-by',
  'set-cookie',
  'access-control-allow-origin',
  'access-control-allow-credentials',
];

describe.skipIf(!requireRoot())('HTTP', () => {
  const root = mkdtempSync(join(tmpdir(), 'packetlog-ui-'));
  const ui = join(root, 'ui');
  beforeAll(async () => {
    await cp(BUILT, ui, { recursive: true });
    await writeFile(join(root, 'secret.txt'), SECRET);
    await writeFile(join(ui, '.env'), SECRET);
  });
  const loader = attackedLoader(['--ui', ui, '--metrics', 'same']);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const host = () => `Host: localhost:${loader.port}`;

  test.each(PATHS)('path %j: no file', async (path) => {
    const { status, text, body } = await exchange(loader.port, requestText(path, [host()]));
    expect([400, 404, 431], text).toContain(status);
    expect(text).not.toMatch(/<title>|root:|Location/);
    expect(text).not.toContain(SECRET);
    if (status === 404) expect(body).toBe('Not found.\n');
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'])(
    '%s: rejected',
    async (method) => {
      const { status, text } = await exchange(loader.port, requestText('/', [host(), 'X-Echo: evil'], method));
      expect(status).toBe(405);
      expect(text).not.toMatch(/evil|<title>/);
    },
  );

  test.each(MALFORMED)('%s: closed', async (_, bytes) => {
    const { status } = await exchange(loader.port, bytes.replaceAll('PORT', String(loader.port)));
    expect([undefined, 400, 403, 405, 408, 413, 431, 505]).toContain(status);
  });

  test.each(UPGRADES)('upgrade with %s: rejected', async (_, target) => {
    const { text } = await exchange(loader.port, upgradeText([host()], target), { throughUpgrade: true });
    // engine.io rejects other protocol versions only behind the 101.
    expect(text).not.toMatch(/"sid"/);
    expect(text).toMatch(/^(HTTP\/1\.1 (4|101[\s\S]*\r\nHTTP\/1\.1 4)|$)/);
  });

  test.each([
    ['a page', requestTo('/'), 200],
    ['a page without its body', requestTo('/rules', [], 'HEAD'), 200],
    ['a script', requestTo('/SCRIPT'), 200],
    ['a known page', requestTo('/', ['If-None-Match: *']), 304],
    ['another spelling', requestTo('/rules/'), 308],
    ['nothing', requestTo('/nothing'), 404],
    ['a foreign page', requestTo('/', ['Origin: http://evil.example']), 403],
    ['another method', requestTo('/', [], 'POST'), 405],
    ['the health', requestTo('/healthz'), 200],
    ['the metrics without a token', requestTo('/metrics'), 401],
    ['polling', requestTo('/socket.io/?EIO=4&transport=polling'), 400],
    [
      'polling by a foreign page',
      requestTo('/socket.io/?EIO=4&transport=polling', ['Origin: http://evil.example']),
      400,
    ],
  ])('headers of %s', async (_, request, expected) => {
    const page = await exchange(loader.port, requestText('/', [host()]));
    const script = /src="\/(_next[^"]+\.js)"/.exec(page.body)?.[1] ?? '';
    const { status, headers, text } = await exchange(loader.port, request(host()).replace('SCRIPT', script));
    expect(status, text).toBe(expected);
    for (const [name, value] of CHECKLIST) expect(headers.get(name), name).toMatch(value);
    for (const name of ABSENT) expect(headers.has(name), name).toBe(false);
    const scripts = /script-src ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1] ?? '';
    expect(scripts).not.toMatch(/unsafe|\*|http/);
  });

  test('a thousand requests in one segment are cut off, and unread answers are not kept', async () => {
    const request = `GET / HTTP/1.1\r\n${host()}\r\n\r\n`;
    const { text } = await exchange(loader.port, request.repeat(1000));
    expect(text.split('HTTP/1.1 200').length - 1).toBeLessThan(1000);
  });

  test('a request smuggled behind another is a request of its own', async () => {
    const smuggled = `GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
    const { text } = await exchange(loader.port, `GET /healthz HTTP/1.1\r\n${host()}\r\n\r\n${smuggled}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 403 /);
  });

  test('1,200 slow requests (slow loris) leave room for others, and are closed', async () => {
    const slow = Array.from({ length: 1200 }, () => open(loader.port));
    let closed = 0;
    for (const socket of slow) socket.on('close', () => closed++);
    for (const [i, socket] of slow.entries()) {
      // In the request line, in the headers, and before the body.
      const starts = [
        'GET /',
        `GET / HTTP/1.1\r\n${host()}\r\nX: `,
        `POST / HTTP/1.1\r\n${host()}\r\nContent-Length: 100\r\n`,
      ];
      socket.write(starts[i % starts.length] as string);
    }
    const drip = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write('x');
    }, 500);
    try {
      let served = 0;
      await until(
        async () => {
          const { status } = await exchange(loader.port, requestText('/healthz', [host()]));
          if (status === 200) served++;
          (await loader.connected()).disconnect();
          return closed === slow.length;
        },
        { what: 'every slow connection to be closed' },
      );
      expect(served).toBeGreaterThan(2);
    } finally {
      clearInterval(drip);
      for (const socket of slow) socket.destroy();
    }
  });
});

/** Returns a function that makes the text of a request with this Host line. */
function requestTo(target: string, lines: readonly string[] = [], method = 'GET') {
  return (host: string) => requestText(target, [host, ...lines], method);
}
