import { ruleDraftSchema } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import { draftOf } from './draft-of-rule.ts';

test('a draft has what the rule matches and its numbers, and can be added', () => {
  const limit = {
    action: 'limit',
    source: 'any',
    protocol: 'udp',
    rate: '20/min',
    per: 'port',
    reason: 'lab',
  } as const;
  const listed = {
    expires_at: '2030-01-01T00:00:00Z',
    over_packets: 3,
    over_bytes: 9,
    last_seen_ms: 1,
    warning: 'wide',
  };
  const draft = draftOf(makeRule({ ...limit, ...listed }));
  expect(draft).toEqual(limit);
  expect(ruleDraftSchema.parse(draft)).toEqual(limit);
});
