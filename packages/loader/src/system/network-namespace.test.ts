import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { networkNamespaceId } from './network-namespace.ts';

it('is identified by its inode', () => {
  const { ino } = statSync('/proc/self/ns/net', { bigint: true });
  expect(networkNamespaceId()).toBe(ino.toString());
  expect(networkNamespaceId(`/proc/${process.pid}/ns/net`)).toBe(ino.toString());
});

it.each([
  ['/run/netns/not-there', /: ENOENT.*List the namespaces with: ip netns list\.$/, 'not_found'],
  ['/etc/passwd', /: it is not a network namespace\. Name one/, 'not_found'],
  ['/', /: it is not a network namespace\. Name one/, 'not_found'],
])('%s is rejected with a reason', (path, message, exit) => {
  expect(() => networkNamespaceId(path)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(message), facts: expect.objectContaining({ exit }) }),
  );
});
