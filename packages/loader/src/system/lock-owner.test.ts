import { describe, expect, it } from 'vitest';
import { lockOwner, lockOwners } from './lock-owner.ts';

const LOCKS = `1: FLOCK  ADVISORY  WRITE 30430 00:27:1285051 0 EOF
2: POSIX  ADVISORY  WRITE 812 fe:00:1285052 0 EOF
3: FLOCK  ADVISORY  READ  77 00:2a:128505 0 EOF
4: -> FLOCK  ADVISORY  WRITE 31000 00:27:1285051 0 EOF
`;

describe('the owner of a lock', () => {
  it.each([
    ['is the process that holds it, not the one that waits', 1285051n, 30430],
    ['is found by the whole inode', 128505n, 77],
    ['is not one of another kind of lock', 1285052n, undefined],
    ['is unknown for another inode', 5n, undefined],
  ])('%s', (_, inode, owner) => {
    expect(lockOwner(LOCKS, inode)).toBe(owner);
  });

  it('is one of several if file systems use the same inode number', () => {
    const locks = `${LOCKS}5: FLOCK  ADVISORY  WRITE 78 00:2b:128505 0 EOF\n`;
    expect(lockOwners(locks, 128505n)).toEqual([77, 78]);
  });
});
