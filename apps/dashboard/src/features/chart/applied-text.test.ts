import { expect, test } from 'vitest';
import { appliedText } from './applied-text.ts';

test.each([
  [{ isPast: true, isFiltered: true, recorder: 'on' }, ''],
  [{ isPast: false, isFiltered: false, recorder: 'off' }, ''],
  [{ isPast: true, isFiltered: true, recorder: 'unknown' }, ''],
  [{ isPast: false, isFiltered: true, recorder: 'off' }, ''],
  [{ isPast: true, isFiltered: true, recorder: 'off' }, 'The rows are live, because nothing is recorded.'],
  [
    { isPast: true, isFiltered: false, recorder: 'off' },
    'Chart and top lists only: the rows are live, because nothing is recorded.',
  ],
  // The line says which nodes have no recorder.
  [{ isPast: true, isFiltered: true, recorder: 'some' }, ''],
  [{ isPast: false, isFiltered: true, recorder: 'some' }, ''],
] as const)('%j', (applied, text) => expect(appliedText(applied)).toBe(text));
