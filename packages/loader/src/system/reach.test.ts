import { expect, it } from 'vitest';
import { hiddenBelow, maySearch } from './reach.ts';

const USER = { uid: 990, gid: 991 };

it.each([
  ['of the user', { uid: 990, gid: 0, mode: 0o40700 }, true],
  ['of the user, who may not search it', { uid: 990, gid: 991, mode: 0o40677 }, false],
  ['of the group', { uid: 0, gid: 991, mode: 0o40710 }, true],
  ['of the group, which may not search it', { uid: 0, gid: 991, mode: 0o40701 }, false],
  ['open to others', { uid: 0, gid: 0, mode: 0o40701 }, true],
  ['of root only', { uid: 0, gid: 0, mode: 0o40700 }, false],
])('a directory %s may be searched: %s', (_, facts, expected) => {
  expect(maySearch(facts, USER)).toBe(expected);
});

it('the first parent that hides a path is found', () => {
  const facts = (path: string) => ({ uid: 0, gid: 0, mode: path.startsWith('/root') ? 0o40700 : 0o40755 });
  expect(hiddenBelow('/root/clone/packages', USER, facts)).toBe('/root');
  expect(hiddenBelow('/root', USER, facts)).toBeUndefined();
  expect(hiddenBelow('/usr/lib/packetlog', USER, facts)).toBeUndefined();
});
