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

test('a dry run reports how much of the traffic it checked', () => {
  expect(coverageSentence(report())).toBe('Checked all 1,000 packets in 10 s.');
  expect(coverageSentence(report({ judged: 250 }))).toMatch(
    /^Checked 250 of 1,000 packets \(25 %\) in 10 s\. The others were sampled/,
  );
  expect(coverageSentence(report({ seen: 0, judged: 0 }))).toMatch(
    /^No packets arrived in 10 s, so the result says nothing/,
  );
});

test('a dry run reports how many packets would have been denied', () => {
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
