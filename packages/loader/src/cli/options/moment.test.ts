import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { clockTimeAfter, moment } from './moment.ts';

const now = Date.parse('2026-05-03T12:30:00');
const ns = (text: string) => BigInt(Date.parse(text)) * 1_000_000n;

it.each([
  ['now', '2026-05-03T12:30:00', 0n],
  ['-90m', '2026-05-03T11:00:00', 0n],
  ['-1d', '2026-05-02T12:30:00', 0n],
  ['12:30', '2026-05-03T12:30:00', 0n],
  ['12:30:01', '2026-05-02T12:30:01', 0n],
  ['21:03:10.000000007', '2026-05-02T21:03:10', 7n],
  ['2026-05-01', '2026-05-01T00:00:00', 0n],
  ['2026-05-01 21:30', '2026-05-01T21:30:00', 0n],
  ['2026-05-01T21:30:05.25Z', '2026-05-01T21:30:05Z', 250_000_000n],
  ['2026-05-01 21:30+02:00', '2026-05-01T19:30:00Z', 0n],
])('%s is a time', (text, expected, more) => {
  expect(moment(text, now)).toBe(ns(expected) + more);
});

it.each([
  '',
  'yesterday',
  '25:00',
  '-',
  '-1 parsec',
  '2026-13-01',
  '2026-05-01 1:30',
  '1700000000',
  '1969-01-01T00:00Z',
])('%j is none', (text) => {
  expect(() => moment(text, now)).toThrow(InvalidArgumentError);
});

it.each([
  ['06:00', '2026-05-02T22:00:00', '2026-05-03T06:00:00'],
  ['22:00', '2026-05-02T21:59:59', '2026-05-02T22:00:00'],
  ['22:00', '2026-05-02T22:00:00', '2026-05-03T22:00:00'],
])('the next %s after %s', (text, after, expected) => {
  expect(clockTimeAfter(text, ns(after))).toBe(ns(expected));
});
