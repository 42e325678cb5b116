import { expect, test } from 'vitest';
import { defaultLoader, readHash } from './handshake-url.ts';

test.each([
  ['#token=abc', { token: 'abc', adminToken: null, loader: null }],
  ['#token=abc&admin_token=def', { token: 'abc', adminToken: 'def', loader: null }],
  ['#token=a%2Bb&loader=http://localhost:7411', { token: 'a+b', adminToken: null, loader: 'http://localhost:7411' }],
  ['#loader=https://web-1.example/some/path', { token: null, adminToken: null, loader: 'https://web-1.example' }],
  ['#token=&admin_token=', { token: null, adminToken: null, loader: null }],
  ['', { token: null, adminToken: null, loader: null }],
])('the hash %s is read as %o', (hash, expected) => {
  expect(readHash(hash)).toEqual(expected);
});

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'not a url', 'ws://host:1'])(
  '%s is not the address of a loader',
  (text) => {
    expect(readHash(`#token=t&loader=${encodeURIComponent(text)}`).loader).toBeNull();
  },
);

test('a page that the loader serves connects to its own origin', () => {
  const page = new URL('http://localhost:7411/');
  expect(defaultLoader(page)).toBe('http://localhost:7411');
});

test.each(['localhost', '127.0.0.1'])(
  "under next dev at %s the page connects to the loader's port on the same host",
  (host) => {
    expect(defaultLoader(new URL(`http://${host}:3000/`))).toBe(`http://${host}:7411`);
  },
);
