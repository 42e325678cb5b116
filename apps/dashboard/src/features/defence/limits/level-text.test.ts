import { expect, it } from 'vitest';
import { bucketState, followedText, levelText } from './level-text.ts';

const bucket = (changes: object = {}) => ({ bucket: '203.0.113.7', level: 0.5, is_over: false, ...changes });

it.each([
  ['50 %', bucket()],
  ['0 %', bucket({ level: -0.1 })],
  ['99 %', bucket({ level: 0.9999 })],
  ['99 %', bucket({ level: 1 })],
  ['100 %', bucket({ level: 1, is_over: true })],
  ['100 %', bucket({ level: 0.98, is_over: true })],
])('formats a level as %s: only what is over has 100 %%', (text, level) => {
  expect(levelText(level)).toBe(text);
});

it('says what happens to the next packet', () => {
  expect(bucketState(bucket(), true, 1000)).toBe('');
  expect(bucketState(bucket({ is_over: true }), true, 1000)).toBe('over');
  const blocked = bucket({ is_over: true, blocked_until_ms: 43_000 });
  expect(bucketState(blocked, true, 1000)).toBe('blocked for 42 s');
  expect(bucketState(blocked, false, 1000)).toBe('would be blocked for 42 s');
  expect(bucketState(bucket({ blocked_until_ms: 1000 }), true, 1000)).toBe('');
});

it('counts the buckets that are followed', () => {
  const counts = { rule: 3, followed: 1234, over: 2, evicted: 0, top: [] };
  expect(followedText(counts)).toBe('1,234 followed, 2 over');
  expect(followedText({ ...counts, evicted: 1 })).toBe('1,234 followed, 2 over, 1 bucket given up for fuller ones');
});
