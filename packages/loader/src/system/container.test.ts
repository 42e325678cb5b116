import { expect, it } from 'vitest';
import { isContained } from './container.ts';

it.each([
  ['the machine itself', { '1': 'pid:[4026531836]', self: 'pid:[4026531836]' }, false],
  ['the machine, whose first process may not be looked at', { self: 'pid:[4026531836]' }, false],
  ['a container', { '1': 'pid:[4026532207]', self: 'pid:[4026532207]' }, true],
  ['a container, whose first process may not be looked at', { self: 'pid:[4026532207]' }, true],
  [
    'a process in its own PID namespace that still sees the machine’s /proc',
    { '1': 'pid:[4026531836]', self: 'pid:[4026532207]' },
    false,
  ],
  ['a place without /proc', {}, false],
])('%s', (_, namespaces: { '1'?: string; self?: string }, contained) => {
  expect(isContained((process) => namespaces[process])).toBe(contained);
});
