import { expect, it } from 'vitest';
import { relayTarget } from './relay-path.ts';

it('is the address of a node’s socket, and no other', () => {
  expect(relayTarget('/nodes/web-1.example/socket.io/?EIO=4')).toEqual({
    node: 'web-1.example',
    url: '/socket.io/?EIO=4',
  });
  for (const path of [
    '/socket.io/?EIO=4',
    '/nodes/web1/',
    '/nodes/WEB1/socket.io/',
    '/nodes/../socket.io/',
    '/nodes/a/b/socket.io/',
    '/nodes//socket.io/',
    '/x/nodes/web1/socket.io/',
    '/nodes/web1/socket.io/more',
  ]) {
    expect(relayTarget(path)).toBeUndefined();
  }
});
