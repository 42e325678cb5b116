import type { Notice } from '@packetlog/common';
import { expect, it } from 'vitest';
import { tolerantKeeper } from './tolerant-link-keeper.ts';

it('a pin that cannot be removed or made is reported, and nothing is thrown into the drain thread', () => {
  const notices: Notice[] = [];
  const link = { slot: 1, mode: 'native' as const, name: 'eth0', fd: 3 };
  const called: string[] = [];
  const failing = (name: string) => () => {
    called.push(name);
    throw new Error('EPERM: operation not permitted, unlink');
  };
  const keeper = tolerantKeeper(
    { attached: failing('attached'), detached: failing('detached'), renamed: failing('renamed') },
    (notice) => notices.push(notice),
  );
  keeper.attached(link);
  keeper.detached(link);
  keeper.renamed(link);
  expect(called).toEqual(['attached', 'detached', 'renamed']);
  expect(notices).toHaveLength(3);
  expect(notices[0]).toMatchObject({ level: 'error', message: expect.stringContaining('EPERM') });
});
