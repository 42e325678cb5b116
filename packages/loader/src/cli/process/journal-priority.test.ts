import { expect, it } from 'vitest';
import { forStandardError, isJournal } from './journal-priority.ts';

const stat = () => ({ dev: 8, ino: 42 });

it.each([
  ['8:42', true],
  ['8:43', false],
  ['9:42', false],
  ['', false],
  ['8', false],
  ['x:42', false],
])('standard error is the journal if JOURNAL_STREAM names its device and inode: %j', (value, expected) => {
  expect(isJournal({ JOURNAL_STREAM: value }, stat)).toBe(expected);
});

it('standard error is not the journal without the variable, or if it is closed', () => {
  const closed = () => {
    throw new Error('EBADF');
  };
  expect(isJournal({}, stat)).toBe(false);
  expect(isJournal({ JOURNAL_STREAM: '8:42' }, closed)).toBe(false);
});

it('each line for the journal begins with its priority; elsewhere text stays as it is', () => {
  expect(forStandardError('packetlog: failed\nthe verifier said no\n\n', 'error', true)).toBe(
    '<3>packetlog: failed\n<3>the verifier said no\n\n',
  );
  expect(forStandardError('careful\n', 'warning', true)).toBe('<4>careful\n');
  expect(forStandardError('careful\n', 'warning', false)).toBe('careful\n');
});
