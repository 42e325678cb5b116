import { expect, it } from 'vitest';
import { privilegeAdvice } from './privilege.ts';

const ALL = '         0          0 4294967295\n';
const needs = 'CAP_BPF and CAP_NET_ADMIN';

it.each([
  ['a user', {}, { uid: 1000, uidMap: ALL }, 'Run as root: sudo packetlog ….'],
  [
    'a user, before a command',
    { command: 'packetlog unload' },
    { uid: 1000, uidMap: ALL },
    'Run as root: sudo packetlog unload.',
  ],
  [
    'a user who could have capabilities',
    { needs },
    { uid: 1000, uidMap: ALL },
    `Run as root (sudo packetlog …), or with ${needs}.`,
  ],
  [
    'root',
    { needs },
    { uid: 0, uidMap: ALL },
    `This process runs as root, but one of ${needs} is missing (capsh --print), or a security module forbids it.`,
  ],
  [
    'root of a kernel without user namespaces',
    {},
    { uid: 0, uidMap: '' },
    'This process runs as root, but a capability is missing (capsh --print), or a security module forbids it.',
  ],
  [
    'root of a user namespace',
    { needs },
    { uid: 0, uidMap: '         0       1000          1\n' },
    expect.stringMatching(/^Root of this user namespace has no privileges/),
  ],
  [
    'root of a container with many users',
    {},
    { uid: 0, uidMap: '0 100000 65536\n' },
    expect.stringMatching(/run packetlog as root of the machine/),
  ],
])('%s gets advice that helps', (_, asked, identity, advice) => {
  expect(privilegeAdvice(asked, identity)).toEqual(advice);
});
