import { ACTIONS, encodeBatch, PacketLogBatch, packetLogJson, REASONS } from '@packetlog/common';
import { expect, it } from 'vitest';
import { makePacket } from '../../../../test/support/samples.ts';
import { packetRow } from '../../../text/row-text.ts';
import { sampleRows } from './sample-rows.ts';

const packet = makePacket({ tcp_flags: 2, rule_id: 3, action: ACTIONS.deny, reason: REASONS.limit });
const batch = PacketLogBatch.from(encodeBatch({}, [packet]));
const sample: Record<string, unknown> = JSON.parse(packetLogJson(batch, 0, 'eth0'));

it('shows a record as the live table does', () => {
  const rows = sampleRows([sample]);
  expect(rows).toEqual([packetRow(batch, 0, () => 'eth0')]);
  expect(rows[0]).toMatchObject({ verdict: 'deny', detail: 'SYN', interface: 'eth0', reason: 'over limit 3' });
});

it('shows a reason of a later version as unknown', () => {
  expect(sampleRows([{ ...sample, reason: 'a reason to come' }])[0]?.reason).toBe('unknown');
});

it.each([
  ['nothing', {}],
  ['no address', { ...sample, src_addr: 'somewhere' }],
  ['a port out of range', { ...sample, dst_port: 70_000 }],
  ['no time', { ...sample, timestamp_ns: 'now' }],
])('leaves a record with %s away', (_, bad) => {
  expect(sampleRows([bad, sample])).toHaveLength(1);
});
