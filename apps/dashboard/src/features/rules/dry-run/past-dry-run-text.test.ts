import { describe, expect, it } from 'vitest';
import type { PastTrial } from '../../../node/messages/past-events.ts';
import { rangeText } from '../../../text/calendar-text.ts';
import { knownGoodText, missingText, pastLimitText, pastSpans, pastVerdict } from './past-dry-run-text.ts';

const incomplete: PastTrial['incomplete'] = {
  is_partial: false,
  segments: 3,
  evaluated_segments: 3,
  damaged: [],
  gaps: [],
  not_recording: [],
  expired: { segments: 0, records: 0 },
  forgotten_records: 0,
  unreadable_journal_lines: 0,
  uncounted_source_packets: 0,
};
const report = (over: Partial<PastTrial> = {}): PastTrial => ({
  judged: 20_000,
  newly_denied: { packets: 12_310, bytes: 900_000, records: 12_310, sources: 41 },
  by_source: [],
  by_port: [],
  known_good: { sources: 0, packets: 0, by_source: [] },
  incomplete,
  ...over,
});
const denied = (packets: number) => ({ packets, bytes: 0, records: packets, sources: packets === 0 ? 0 : 1 });

describe('the verdict of a dry run over recorded packets', () => {
  it.each([
    [report(), 'Would have denied 12,310 packets of 41 sources.'],
    [
      report({ known_good: { sources: 2, packets: 9, by_source: [] } }),
      'Would have denied 12,310 packets of 41 sources, 2 of them known-good.',
    ],
    [report({ newly_denied: denied(1) }), 'Would have denied 1 packet of 1 source.'],
    [report({ newly_denied: denied(0) }), 'Would have denied no packets that were not denied then.'],
    [report({ judged: 0 }), 'No packet was recorded in this time, so the result says nothing about the rules.'],
  ])('%#', (given, text) => expect(pastVerdict(given)).toBe(text));
});

describe('what is missing', () => {
  it('is nothing', () => expect(missingText(report())).toBe('Evaluated 20,000 packets, complete.'));

  it('is named', () => {
    const gaps = [{ from_ns: '1', to_ns: '2', records: 30, cause: 'full' }];
    const missing = { ...incomplete, gaps, not_recording: [{ from_ns: '1', to_ns: '2' }], damaged: ['a', 'b'] };
    expect(missingText(report({ incomplete: missing }))).toBe(
      'Evaluated 20,000 packets. Missing: 30 packets lost, part of the time not recorded, 2 damaged segments.',
    );
  });
});

it('a known-good source is named with the reason', () => {
  const because = [
    { kind: 'permit_rule', rule: 'permit 192.0.2.1' },
    { kind: 'ssh_peer', address: '192.0.2.1' },
  ] as const;
  expect(knownGoodText({ addr: '192.0.2.1', packets: 12, bytes: 1, because })).toBe(
    'Known-good: 192.0.2.1, 12 packets (rule: permit 192.0.2.1; 192.0.2.1, which has an open SSH session).',
  );
});

describe('the ranges to choose from', () => {
  const offered = (hour: number, oldestHoursAgo: number | null, shown = false) => {
    const now = new Date(2026, 10, 30, hour, 30).getTime();
    const oldest = oldestHoursAgo === null ? null : now - oldestHoursAgo * 3_600_000;
    return pastSpans(now, oldest, shown ? { fromMs: now - 60_000, toMs: now } : null).map(
      ({ label, span }) => `${label}: ${rangeText(span, now)}`,
    );
  };

  it('are as far as packets are recorded', () => {
    expect(offered(14, null)).toEqual(['1 h: 13:30:00 to 14:30:00 today']);
    expect(offered(14, 0.5, true)).toEqual([
      'shown range: 14:29:00 to 14:30:00 today',
      '1 h: 13:30:00 to 14:30:00 today',
    ]);
    expect(offered(14, 200)).toEqual([
      '1 h: 13:30:00 to 14:30:00 today',
      '24 h: yesterday 14:30:00 to today 14:30:00',
      'last night: yesterday 22:00:00 to today 06:00:00',
      '7 d: Mon 23 Nov 14:30:00 to today 14:30:00',
    ]);
  });

  it('have a last night that is over', () => {
    expect(offered(3, 200)).toContain('last night: Sat 28 Nov 22:00:00 to yesterday 06:00:00');
  });
});

it('a limit is described by what it saw, what would have been over, and from how many buckets', () => {
  const limit = { rule: 'limit any source', seen: 1204, over: 311, buckets: 12, is_upper_estimate: false };
  expect(pastLimitText(limit)).toBe('limit any source: 311 of 1,204 would have been over, from 12 buckets.');
  expect(pastLimitText({ ...limit, over: 0, is_upper_estimate: true })).toBe(
    'limit any source: at most 0 of 1,204 would have been over.',
  );
});
