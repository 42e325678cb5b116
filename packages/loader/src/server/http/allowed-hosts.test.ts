import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { allowedFor, bracketed, foreignHeader, foreignHeaderOf, isLoopback, reachableHost } from './allowed-hosts.ts';

describe('foreignHeader', () => {
  const local = allowedFor('localhost', 7411, []);

  it.each<[string, string | undefined, string | undefined, string | undefined]>([
    ['a program on this machine', 'localhost:7411', undefined, undefined],
    ['the dashboard', 'localhost:7411', 'http://localhost:7411', undefined],
    ['the dashboard by address', '127.0.0.1:7411', 'http://127.0.0.1:7411', undefined],
    ['the dashboard by IPv6 address', '[::1]:7411', 'http://[::1]:7411', undefined],
    ['capital letters', 'LocalHost:7411', 'HTTP://LOCALHOST:7411', undefined],
    ['no Host', undefined, undefined, 'Host'],
    ['an empty Host', '', undefined, 'Host'],
    ['a foreign name that points here (DNS rebinding)', 'evil.example:7411', undefined, 'Host'],
    ['the same with its own Origin', 'evil.example:7411', 'http://evil.example:7411', 'Host'],
    ['no port', 'localhost', undefined, 'Host'],
    ['another port', 'localhost:80', undefined, 'Host'],
    ['a name that begins alike', 'localhost:7411.evil.example', undefined, 'Host'],
    ['a foreign page', 'localhost:7411', 'http://evil.example', 'Origin'],
    ['another port of this machine', 'localhost:7411', 'http://localhost:3000', 'Origin'],
    ['https on the same port', 'localhost:7411', 'https://localhost:7411', 'Origin'],
    ['a sandboxed page', 'localhost:7411', 'null', 'Origin'],
    ['an empty Origin', 'localhost:7411', '', 'Origin'],
    ['a file', 'localhost:7411', 'file://', 'Origin'],
  ])('for %s: Host %j, Origin %j', (_, host, origin, foreign) => {
    expect(foreignHeader(local, host, origin)).toBe(foreign);
  });
});

describe('foreignHeaderOf', () => {
  it.each([
    [['localhost:7411'], undefined],
    [['localhost:7411', 'evil.example'], 'Host'],
    [['localhost:7411', 'localhost:7411'], 'Host'],
    [[], 'Host'],
  ])('with the Host headers %j: %s', (hosts, foreign) => {
    const request = { headers: {}, headersDistinct: { host: hosts }, socket: new Socket() };
    expect(foreignHeaderOf(allowedFor('localhost', 7411, []), request)).toBe(foreign);
  });
});

it('allows what comes through a hub, whatever its headers', () => {
  const relayed = new Socket();
  const allowed = {
    ...allowedFor('localhost', 7411, []),
    isRelayed: ({ socket }: { socket: Socket }) => socket === relayed,
  };
  const request = { headers: { origin: 'https://hub.example' }, headersDistinct: { host: ['web1'] } };
  expect(foreignHeaderOf(allowed, { ...request, socket: relayed })).toBeUndefined();
  expect(foreignHeaderOf(allowed, { ...request, socket: new Socket() })).toBe('Host');
});

describe('allowedFor', () => {
  it('needs no port if it listens on 80', () => {
    const allowed = allowedFor('localhost', 80, []);
    expect(foreignHeader(allowed, 'localhost', 'http://localhost')).toBeUndefined();
    expect(foreignHeader(allowed, 'localhost:80', 'http://localhost:80')).toBeUndefined();
  });

  it('allows only the given address of the machine, without loopback', () => {
    const allowed = allowedFor('192.0.2.5', 7411, []);
    expect(foreignHeader(allowed, '192.0.2.5:7411', undefined)).toBeUndefined();
    expect(foreignHeader(allowed, 'localhost:7411', undefined)).toBe('Host');
  });

  it.each(['MyServer', '[2001:DB8::5]', 'LOCALHOST'])('accepts %s as browsers write it, in lower case', (host) => {
    expect(foreignHeader(allowedFor(host, 7411, []), `${host.toLowerCase()}:7411`, undefined)).toBeUndefined();
  });

  it.each(['0.0.0.0', '[::]', '::'])('allows every address of this machine if it listens on %s', (host) => {
    const allowed = allowedFor(host, 7411, []);
    expect(foreignHeader(allowed, 'localhost:7411', undefined)).toBeUndefined();
    expect(foreignHeader(allowed, '127.0.0.1:7411', 'http://127.0.0.1:7411')).toBeUndefined();
    expect(foreignHeader(allowed, 'evil.example:7411', undefined)).toBe('Host');
    // The allowlist must accept the URL that the loader prints.
    expect(foreignHeader(allowed, `${reachableHost(host)}:7411`, undefined)).toBeUndefined();
  });

  it('allows the origins of a proxy, which keeps or changes the Host', () => {
    const allowed = allowedFor('localhost', 7411, ['https://packets.example', 'http://dev.example:3000']);
    expect(foreignHeader(allowed, 'packets.example', 'https://packets.example')).toBeUndefined();
    expect(foreignHeader(allowed, 'localhost:7411', 'https://packets.example')).toBeUndefined();
    expect(foreignHeader(allowed, 'localhost:7411', 'http://dev.example:3000')).toBeUndefined();
    expect(foreignHeader(allowed, 'packets.example', 'http://packets.example')).toBe('Origin');
  });
});

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.255.0.9', '::1', '[::1]'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.evil.example', 'localhost.evil.example', '1127.0.0.1', ''])(
    'is not %j',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe('a host in a URL', () => {
  it.each([
    ['::1', '[::1]'],
    ['[::1]', '[::1]'],
    ['192.0.2.1', '192.0.2.1'],
    ['localhost', 'localhost'],
  ])('%s is written %s', (host, written) => {
    expect(bracketed(host)).toBe(written);
    expect(reachableHost(host)).toBe(written);
  });
});
