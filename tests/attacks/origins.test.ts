/** Foreign pages, and names that are made to point here (DNS rebinding), in every spelling. Needs root. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { attackedLoader } from './attacked-loader.ts';
import { exchange, requestText, upgradeText } from './raw-http.ts';

/** `PORT` is replaced by the loader's port. */
type Row = readonly [name: string, lines: readonly string[]];

const HOSTS: readonly Row[] = [
  ['no Host', []],
  ['an empty Host', ['Host:']],
  ['a foreign name', ['Host: evil.example']],
  ['a foreign name with the right port', ['Host: evil.example:PORT']],
  ['localhost without a port', ['Host: localhost']],
  ['localhost with another port', ['Host: localhost:1']],
  ['the port with a leading zero', ['Host: localhost:0PORT']],
  ['two ports', ['Host: localhost:PORT:80']],
  ['localhost with a final dot', ['Host: localhost.:PORT']],
  ['a name that begins like localhost', ['Host: localhost.evil.example:PORT']],
  ['a name that ends like localhost', ['Host: evil.localhost:PORT']],
  ['a name after the port', ['Host: localhost:PORT.evil.example']],
  ['a user before localhost', ['Host: evil@localhost:PORT']],
  ['localhost as a user', ['Host: localhost:PORT@evil.example']],
  ['a path', ['Host: localhost:PORT/evil.example']],
  ['a fragment', ['Host: localhost:PORT#evil.example']],
  ['a backslash', ['Host: localhost:PORT\\evil.example']],
  ['a URL', ['Host: http://localhost:PORT']],
  ['a percent-encoded letter', ['Host: %6cocalhost:PORT']],
  ['a percent-encoded colon', ['Host: localhost%3aPORT']],
  ['a list', ['Host: localhost:PORT, evil.example']],
  ['a list that begins with a foreign name', ['Host: evil.example, localhost:PORT']],
  ['a short address', ['Host: 127.1:PORT']],
  ['an address as one number', ['Host: 2130706433:PORT']],
  ['a hexadecimal address', ['Host: 0x7f000001:PORT']],
  ['an octal address', ['Host: 0177.0.0.1:PORT']],
  ['another loopback address', ['Host: 127.0.0.2:PORT']],
  ['the unspecified address', ['Host: 0.0.0.0:PORT']],
  ['the unspecified IPv6 address', ['Host: [::]:PORT']],
  ['an IPv4-mapped address', ['Host: [::ffff:127.0.0.1]:PORT']],
  ['an IPv4-mapped address in hexadecimal', ['Host: [::ffff:7f00:1]:PORT']],
  ['a long IPv6 address', ['Host: [0:0:0:0:0:0:0:1]:PORT']],
  ['an IPv6 address with a zone', ['Host: [::1%25lo]:PORT']],
  ['an IPv6 address without brackets', ['Host: ::1:PORT']],
  ['the address of the watched interface', ['Host: 192.0.2.2:PORT']],
  ['a letter that looks like l', ['Host: \u00a1ocalhost:PORT']],
  ['a soft hyphen', ['Host: local\u00adhost:PORT']],
  ['a NUL', ['Host: localhost:PORT\u0000.evil.example']],
  ['a continued line', ['Host: localhost:PORT', ' .evil.example']],
  ['two Hosts, a foreign one first', ['Host: evil.example', 'Host: localhost:PORT']],
  ['two Hosts, a foreign one second', ['Host: localhost:PORT', 'Host: evil.example']],
  ['two equal Hosts', ['Host: localhost:PORT', 'Host: localhost:PORT']],
  ['a forwarded host', ['Host: evil.example', 'X-Forwarded-Host: localhost:PORT']],
  ['a Forwarded header', ['Host: evil.example', 'Forwarded: host="localhost:PORT"']],
  ['a forwarded address', ['Host: evil.example', 'X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1']],
];

const HOST = 'Host: localhost:PORT';
const ORIGINS: readonly Row[] = [
  ['a foreign page', [HOST, 'Origin: http://evil.example']],
  ['a foreign page with the right port', [HOST, 'Origin: http://evil.example:PORT']],
  ['a page without an origin', [HOST, 'Origin: null']],
  ['an empty Origin', [HOST, 'Origin:']],
  ['a file', [HOST, 'Origin: file://']],
  ['an extension', [HOST, 'Origin: chrome-extension://abcdefghijklmnop']],
  ['another port of this machine', [HOST, 'Origin: http://localhost:3000']],
  ['no port', [HOST, 'Origin: http://localhost']],
  ['https', [HOST, 'Origin: https://localhost:PORT']],
  ['a WebSocket scheme', [HOST, 'Origin: ws://localhost:PORT']],
  ['a subdomain', [HOST, 'Origin: http://evil.localhost:PORT']],
  ['a name that begins alike', [HOST, 'Origin: http://localhost:PORT.evil.example']],
  ['a user', [HOST, 'Origin: http://localhost:PORT@evil.example']],
  ['a path', [HOST, 'Origin: http://localhost:PORT/']],
  ['a final dot', [HOST, 'Origin: http://localhost.:PORT']],
  ['another spelling of the address', [HOST, 'Origin: http://127.1:PORT']],
  ['two Origins', [HOST, 'Origin: http://localhost:PORT', 'Origin: http://evil.example']],
  ['a list', [HOST, 'Origin: http://localhost:PORT http://evil.example']],
  ['the right Referer', [HOST, 'Origin: http://evil.example', 'Referer: http://localhost:PORT/']],
  [
    'the old header for the origin',
    [HOST, 'Origin: http://evil.example', 'Sec-WebSocket-Origin: http://localhost:PORT'],
  ],
];

const OWN: readonly Row[] = [
  ['a program', ['Host: localhost:PORT']],
  ['a program, by address', ['Host: 127.0.0.1:PORT']],
  ['a program, by IPv6 address', ['Host: [::1]:PORT']],
  ['capital letters', ['HOST: LOCALHOST:PORT']],
  ['the page', [HOST, 'Origin: http://localhost:PORT']],
  ['the page under its other name', [HOST, 'Origin: http://127.0.0.1:PORT']],
  ['a forwarded foreign host, which is ignored', [HOST, 'X-Forwarded-Host: evil.example']],
];

describe.skipIf(!requireRoot())('the name and the page of a request', () => {
  const loader = attackedLoader();
  const filled = (lines: readonly string[]) => lines.map((line) => line.replaceAll('PORT', String(loader.port)));

  test.each([...HOSTS, ...ORIGINS])('%s: rejected', async (_, lines) => {
    for (const target of ['/', '/rules', '/healthz', '/_next/static/x.js']) {
      const page = await exchange(loader.port, requestText(target, filled(lines)));
      expect([400, 403], `${target} ${page.text}`).toContain(page.status);
      expect(page.text).not.toMatch(/<title>|access-control|evil\.example/i);
    }
    const socket = await exchange(loader.port, upgradeText(filled(lines)));
    expect([400, 403], socket.text).toContain(socket.status);
  });

  test.each(OWN)('%s: served', async (_, lines) => {
    const page = await exchange(loader.port, requestText('/', filled(lines)));
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/access-control|set-cookie/i);
    expect((await exchange(loader.port, upgradeText(filled(lines)))).status).toBe(101);
  });
});
