import { expect, test } from 'vitest';
import { quietSentence } from './quiet-text.ts';

const LAST = Date.UTC(2026, 0, 2, 14, 3, 1);
const quiet = { live: true, interfaces: ['eth0'], seen: 5, quietMs: 12_000, lastPacketMs: LAST };

test('before the first packet the sentence reports that there were none', () => {
  expect(quietSentence({ ...quiet, seen: 0, lastPacketMs: null })).toBe('No packets on eth0 yet.');
});

test('after some seconds without packets the sentence has their number and the time of the last packet', () => {
  expect(quietSentence(quiet)).toBe('No packets on eth0 for 12 s; last packet 14:03:01.');
});

test('packets before the page was opened are counted, without their unknown time', () => {
  expect(quietSentence({ ...quiet, seen: 1_204, lastPacketMs: null })).toBe(
    'No packets on eth0 in the 12 s since this page opened; 1,204 packets before.',
  );
});

test('while packets arrive there is no sentence', () => {
  expect(quietSentence({ ...quiet, quietMs: 900 })).toBeNull();
});

test('without a live connection there is no sentence', () => {
  expect(quietSentence({ ...quiet, live: false })).toBeNull();
});

test('all interfaces are named', () => {
  expect(quietSentence({ ...quiet, interfaces: ['eth0', 'wg0'], seen: 0 })).toBe('No packets on eth0, wg0 yet.');
});
