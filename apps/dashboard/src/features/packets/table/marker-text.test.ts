import { expect, test } from 'vitest';
import { markerSentence } from './marker-text.ts';

test.each([
  [{ kind: 'lost', rows: 1, span_ms: 0 }, '1 row was lost here'],
  [{ kind: 'lost', rows: 1_204, span_ms: 0 }, '1,204 rows were lost here'],
  [{ kind: 'lost', rows: 0, span_ms: 0 }, 'Rows were lost here'],
  [{ kind: 'paused', rows: 34_812, span_ms: 12_300 }, 'Paused for 12 s: 34,812 rows withheld'],
  [
    { kind: 'disconnected', rows: 0, span_ms: 65_000 },
    'Not connected for 1 min 5 s: packets of that time are not shown',
  ],
  [{ kind: 'restarted', rows: 0, span_ms: 0 }, 'The loader was restarted: its counters began at 0'],
] as const)('%o reads "%s"', (marker, sentence) => {
  expect(markerSentence({ ...marker, at_ms: 0 })).toBe(sentence);
});
