import { expect, test } from 'vitest';
import { isNodeOf, loaderAddress, nodeAddress, nodeOfAddress, socketAddress } from './loader-address.ts';

test.each([
  ['http://web-2:7411', 'http://web-2:7411'],
  ['https://web-2/rules?x#y', 'https://web-2'],
  ['https://hub.example/nodes/web1', 'https://hub.example/nodes/web1/'],
  ['https://hub.example/nodes/web1/', 'https://hub.example/nodes/web1/'],
  // The Nodes page, and what no node is called.
  ['https://hub.example/nodes', 'https://hub.example'],
  ['https://hub.example/nodes/', 'https://hub.example'],
  ['https://hub.example/nodes/../x', 'https://hub.example'],
  ['https://hub.example/nodes/WEB', 'https://hub.example'],
  ['ftp://web-2', null],
  ['javascript:alert(1)', null],
  ['', null],
])('the address %j is %j', (text, address) => {
  expect(loaderAddress(text)).toBe(address);
});

test('the socket of a node at a hub has a path of its own', () => {
  expect(socketAddress('http://web-2:7411')).toEqual({ origin: 'http://web-2:7411', path: '/socket.io/' });
  expect(socketAddress(nodeAddress('https://hub.example', 'web1'))).toEqual({
    origin: 'https://hub.example',
    path: '/nodes/web1/socket.io/',
  });
});

test('an address has the name of its node', () => {
  expect(nodeOfAddress(nodeAddress('https://hub.example', 'web.1'))).toBe('web.1');
});

test('a node of a hub has the same origin', () => {
  expect(isNodeOf('https://hub.example', 'https://hub.example/nodes/web1/')).toBe(true);
  expect(isNodeOf('https://hub.example', 'https://evil.example/nodes/web1/')).toBe(false);
  expect(isNodeOf('https://hub.example', 'https://hub.example/nodes/a/b/')).toBe(false);
  expect(isNodeOf('https://hub.example', 'https://hub.example')).toBe(false);
});
