import {
  bookmarkSchema,
  firstSeenSchema,
  HISTORY_COLUMNS,
  liveRatesSchema,
  liveTopSchema,
  pastFactsSchema,
  pastLearnedSchema,
  pastRatesSchema,
  pastRowsSchema,
  pastTopSchema,
} from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import type { PastEvent } from './past-events.ts';
import { PAST_CHECKS } from './past-messages.ts';

const volume = { packets: 9, bytes: 600 };
const others = { packets: 1, bytes: 60 };
const coverage = {
  packets: 10,
  records: 9,
  missing: [{ kind: 'lost', from_ms: 1000, to_ms: 1800, count: 3, message: '3 packets were lost.' }],
};
const listOf = (entry: object) => ({ entries: [{ ...volume, ...entry }], others, distinct: 2 });

const bookmark = { id: 1, from_ms: 1000, to_ms: 1500, note: 'scan', bytes: 2 };

/** Answers that have a schema in @packetlog/common. */
const ANSWERS: {
  readonly [Event in Exclude<PastEvent, 'past:unbookmark' | 'past:dry_run' | 'live:end'>]: [
    { safeParse(value: unknown): { success: boolean } },
    object,
  ];
} = {
  'live:rates': [
    liveRatesSchema,
    {
      step_ms: 1000,
      first_at_ms: 2000,
      columns: Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, [1, 2]])),
      coverage,
      since_ms: 2100,
      counted_to_ms: 3900,
      total: coverage,
    },
  ],
  'live:top': [
    liveTopSchema,
    {
      from_ms: 1000,
      to_ms: 3000,
      series_step_ms: 1000,
      sources: [{ ...volume, series: [4, 5], addr: '192.0.2.1' }],
      ports: [{ ...volume, series: [4, 5], ip_protocol: 6, port: 443 }],
      pairs: [{ ...volume, series: [4, 5], src_addr: '192.0.2.1', dst_addr: '192.0.2.2' }],
      rules: [{ ...volume, series: [4, 5], rule_id: 4 }],
      since_ms: 1100,
    },
  ],
  'past:facts': [
    pastFactsSchema,
    {
      oldest_ms: 1000,
      newest_ms: 2000,
      bytes: 3,
      max_bytes: 4,
      is_anonymized: false,
      bookmarks: [bookmark],
    },
  ],
  'past:rates': [
    pastRatesSchema,
    {
      step_ms: 1000,
      first_at_ms: 2000,
      columns: Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, [1, 2]])),
      coverage,
    },
  ],
  'past:top': [
    pastTopSchema,
    {
      sources: listOf({ addr: '192.0.2.1', ports: 3 }),
      ports: listOf({ ip_protocol: 6, port: 443 }),
      pairs: listOf({ src_addr: '192.0.2.1', dst_addr: '192.0.2.2' }),
      rules: listOf({ rule_id: 4 }),
      interfaces: listOf({ name: 'eth0' }),
      groups: listOf({ name: 'AS64496', title: 'Example', sources: 2, networks: ['192.0.2.0/24'] }),
      groups_problem: 'No file.',
      coverage,
    },
  ],
  'past:learn': [
    pastLearnedSchema,
    {
      sources: { ...volume, ...listOf({ addr: '192.0.2.1' }) },
      only: listOf({ ip_protocol: 6, port: 23, sources: 1 }),
      shared: listOf({ ip_protocol: 1, icmp_type: 8, sources: 1, other_packets: 2 }),
      by_kind: {
        rules: [
          {
            rule: { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 23, reason: 'scan' },
            ...volume,
            kinds: 1,
            unused_ports: 0,
          },
        ],
        uncovered: { ...volume, kinds: 1 },
        warnings: ['The rules deny more.'],
      },
      by_source: { rules: [{ action: 'deny', source: 'set:learned', reason: '' }], list: ['192.0.2.1'], unlisted: 0 },
      coverage,
    },
  ],
  'past:rows': [pastRowsSchema, { records: '', interfaces: [{ ifindex: 2, name: 'eth0' }], next: 'a' }],
  'past:first_seen': [firstSeenSchema, { '192.0.2.1': 1000 }],
  'past:bookmark': [bookmarkSchema, bookmark],
};

/** The value with one part of it replaced, for each part. */
function* broken(value: unknown): Generator<unknown> {
  yield [];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const with_ = (next: unknown) =>
      Array.isArray(value) ? value.map((each, i) => (String(i) === key ? next : each)) : { ...value, [key]: next };
    yield with_({ no: 'number' });
    for (const inner of broken(part)) yield with_(inner);
  }
}

describe.each(Object.entries(ANSWERS))('the answer of %s', (event, [schema, answer]) => {
  const check = PAST_CHECKS[event as PastEvent] as (value: unknown) => boolean;

  it('passes if it has its type', () => {
    expect(check(answer)).toBe(true);
    expect(schema.safeParse(answer).success).toBe(true);
  });

  it('is rejected wherever the schema rejects it', () => {
    let rejected = 0;
    for (const value of broken(answer)) {
      if (schema.safeParse(value).success) continue;
      rejected++;
      expect(check(value), JSON.stringify(value)).toBe(false);
    }
    expect(rejected).toBeGreaterThan(0);
  });
});

describe('the report of a dry run', () => {
  const report = {
    judged: 10,
    newly_denied: { ...volume, records: 9, sources: 1 },
    by_source: [{ ...volume, addr: '192.0.2.1', newly_denied: volume }],
    by_port: [{ ...volume, ip_protocol: 6, port: 22, newly_denied: volume }],
    known_good: {
      sources: 1,
      packets: 9,
      by_source: [{ ...volume, addr: '192.0.2.1', because: [{ kind: 'permit_rule', rule: 'permit 192.0.2.1' }] }],
    },
    incomplete: {
      is_partial: false,
      segments: 1,
      evaluated_segments: 1,
      damaged: [],
      gaps: [{ from_ns: '1', to_ns: '2', records: 3, cause: 'full' }],
      not_recording: [{ from_ns: '1', to_ns: '2' }],
      expired: { segments: 0, records: 0 },
      forgotten_records: 0,
      unreadable_journal_lines: 0,
      uncounted_source_packets: 0,
    },
  };

  it('passes if it has its type, and is rejected if a part of it has another', () => {
    const check = PAST_CHECKS['past:dry_run'];
    expect(check(report)).toBe(true);
    // A list may be empty.
    const wrong = [...broken(report)].filter((value) => JSON.stringify(value).includes('"no":'));
    expect(wrong.length).toBeGreaterThan(30);
    for (const value of wrong) expect(check(value), JSON.stringify(value)).toBe(false);
  });
});
