import type { PastLearned } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { isInForce, kindRows, learnedCoverage, learnedSummary, uncoveredText } from './learn-text.ts';

const none = { packets: 0, bytes: 0 };
const list = <Entry>(entries: Entry[], others = none) => ({ entries, others, distinct: entries.length });
const telnet = { ip_protocol: 6, port: 23, packets: 700, bytes: 42_000, sources: 2 };

const learned = (over: Partial<PastLearned> = {}): PastLearned => ({
  sources: { ...none, packets: 900, ...list([]), distinct: 2 },
  only: list([telnet]),
  shared: list([]),
  by_kind: { rules: [], uncovered: { ...none, kinds: 0 }, warnings: [] },
  by_source: { rules: [], list: [], unlisted: 0 },
  coverage: { packets: 9000, records: 9000, missing: [] },
  ...over,
});

describe('the summary', () => {
  it.each([
    [learned(), '2 sources sent 900 packets, 700 of them of 1 kind that no other source sent.'],
    [learned({ only: list([]) }), '2 sources sent 900 packets. Other sources sent packets of the same kinds, too.'],
    [
      learned({ sources: { ...none, ...list([]), distinct: 0 } }),
      'These sources sent no packets that are recorded in this time.',
    ],
  ])('%#', (given, text) => expect(learnedSummary(given)).toBe(text));
});

describe('the coverage', () => {
  it.each([
    [learned().coverage, 'Compared with all 9,000 recorded packets, complete.'],
    [
      { packets: 9000, records: 90, missing: [{ kind: 'lost' as const, message: 'Lost: 3 records.' }] },
      'Compared with all 9,000 recorded packets. Lost: 3 records. Sampled: packets of other sources may be missing.',
    ],
  ])('%#', (coverage, text) => expect(learnedCoverage(learned({ coverage }))).toBe(text));
});

it('names kinds with their service, sources and packets of others', () => {
  const shared = { ip_protocol: 1, icmp_type: 8, packets: 5, bytes: 300, sources: 1, other_packets: 40 };
  expect(kindRows([telnet, shared])).toEqual([
    { key: 'TCP 23', name: 'TCP 23', note: 'telnet, 2 sources', packets: 700 },
    { key: 'ICMP echo request', name: 'ICMP echo request', note: '1 source, others: 40 packets', packets: 5 },
  ]);
});

it('says what the rules do not deny', () => {
  expect(uncoveredText(learned())).toBe('');
  const uncovered = { packets: 9, bytes: 1, kinds: 2 };
  expect(uncoveredText(learned({ by_kind: { rules: [], uncovered, warnings: [] } }))).toMatch(
    /^No rule by kind denies the 9 packets of 2 kinds/,
  );
});

it('recognizes a rule that exists', () => {
  const draft = { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 23 } as const;
  const rule = { ...draft, id: 1, reason: '' };
  expect(isInForce(draft, [rule])).toBe(true);
  for (const other of [
    { ...rule, action: 'observe' as const },
    { ...rule, destination_port: 24 },
    { ...rule, interface: 'eth0' },
    { ...rule, tcp_flags: 'syn' },
  ]) {
    expect(isInForce(draft, [other])).toBe(false);
  }
});
