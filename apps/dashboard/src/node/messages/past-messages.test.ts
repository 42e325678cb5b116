import {
  firstSeenSchema,
  HISTORY_COLUMNS,
  pastFactsSchema,
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

const ANSWERS: { readonly [Event in PastEvent]: [{ safeParse(value: unknown): { success: boolean } }, object] } = {
  'past:facts': [
    pastFactsSchema,
    {
      oldest_ms: 1000,
      newest_ms: 2000,
      bytes: 3,
      max_bytes: 4,
      is_anonymized: false,
      bookmarks: [{ id: 1, from_ms: 1000, to_ms: 1500, note: 'scan', bytes: 2 }],
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
      coverage,
    },
  ],
  'past:rows': [pastRowsSchema, { records: '', interfaces: [{ ifindex: 2, name: 'eth0' }], next: 'a' }],
  'past:first_seen': [firstSeenSchema, { '192.0.2.1': 1000 }],
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
