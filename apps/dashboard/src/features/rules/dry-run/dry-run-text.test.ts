import type { DryRunReport } from '@packetlog/common';
import { expect, test } from 'vitest';
import { coverageSentence, percentText, verdictSentence } from './dry-run-text.ts';

const report = (over: Partial<DryRunReport> = {}): DryRunReport => ({
  seconds: 10,
  seen: 1000,
  judged: 1000,
  denied: { packets: 0, bytes: 0 },
  observed: { packets: 0, bytes: 0 },
  by_rule: [],
  by_source: [],
  by_port: [],
  lockouts: [],
  ...over,
});

test('a dry-run says first how much of the traffic it is about', () => {
  expect(coverageSentence(report())).toBe('In 10 s 1,000 packets arrived; all were checked.');
  expect(coverageSentence(report({ judged: 250 }))).toMatch(
    /250 of them \(25 %\) were checked\. The rest were sampled/,
  );
  expect(coverageSentence(report({ seen: 0, judged: 0 }))).toMatch(/no packets arrived, so this says nothing/);
});

test('and then what would have been denied', () => {
  expect(verdictSentence(report())).toBe('Would have denied no packets.');
  expect(verdictSentence(report({ denied: { packets: 27, bytes: 1 } }))).toBe(
    'Would have denied 27 of 1,000 packets (2.7 %).',
  );
  expect(verdictSentence(report({ observed: { packets: 1, bytes: 1 } }))).toBe(
    'Would have denied no packets. Would have marked 1 packet.',
  );
  expect(verdictSentence(report({ judged: 0 }))).toBe('No packet was checked.');
});

test('a share is never rounded up to all, nor down to none', () => {
  expect([0, 0.0001, 0.027, 0.5, 0.9999, 1].map(percentText)).toEqual([
    '0 %',
    '<0.1 %',
    '2.7 %',
    '50 %',
    '99 %',
    '100 %',
  ]);
});
