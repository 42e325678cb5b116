import { expect, it } from 'vitest';
import { clockText } from '../../text/clock.ts';
import { type ExportEnd, lossText, NOTHING_LOST, pageRowsText, recordedText, savedText } from './export-text.ts';

const span = { fromMs: 1_767_362_602_000, toMs: 1_767_362_612_000 };
const FROM = clockText(span.fromMs);
const TO = clockText(span.toMs);

it('describes the rows in the file', () => {
  expect(recordedText(1234, span, NOTHING_LOST, 'time')).toBe(`1,234 rows, ${FROM} to ${TO}. Nothing was lost.`);
  expect(recordedText(0, null, NOTHING_LOST, 'time')).toBe('0 rows. Nothing was lost.');
});

it('describes the missing rows by cause', () => {
  expect(lossText({ before: 1, page: 20, withheld: 3000 })).toBe(
    'Missing: 1 row lost before the loader could send them, 20 rows lost between the loader and this page, 3,000 rows withheld.',
  );
});

it.each<[ExportEnd, RegExp]>([
  ['limit', /limit of 500,000 rows/],
  ['stopped', /Stopped early/],
  ['broken', /connection was lost/],
])('has the reason for an early end: %s', (end, words) => {
  expect(recordedText(1, span, NOTHING_LOST, end)).toMatch(words);
});

it('describes the rows on the page', () => {
  expect(pageRowsText(12, span)).toBe(`12 rows in 10 s, from ${FROM} to ${TO}.`);
  expect(pageRowsText(1, { ...span, toMs: span.fromMs })).toBe(`1 row at ${FROM}.`);
  const days = { ...span, toMs: span.fromMs + 2 * 86_400_000 };
  expect(pageRowsText(3, days)).toMatch(/^3 rows in 2 d, from Fri 2 Jan \d\d:\d\d to Sun 4 Jan \d\d:\d\d\.$/);
  expect(pageRowsText(0, null)).toMatch(/No rows/);
});

it('describes the known gaps between the rows on the page', () => {
  expect(savedText(3, span, { lost: 0, paused: 0, away: 0 })).toBe(`3 rows, ${FROM} to ${TO}.`);
  expect(savedText(3, span, { lost: 12, paused: 1, away: 1 })).toBe(
    `3 rows, ${FROM} to ${TO}. 12 rows between them were lost. 1 packet passed while the page was paused. The loader was unreachable once.`,
  );
});
