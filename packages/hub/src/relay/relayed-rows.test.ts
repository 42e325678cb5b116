import { PacketLogBatch } from '@packetlog/common';
import { expect, it } from 'vitest';
import { batchesOf } from '../../test/support/relayed-node.ts';
import { RelayedRows } from './relayed-rows.ts';

it('passes batches on as they are while the person reads', () => {
  const rows = new RelayedRows();
  const next = batchesOf();
  for (const count of [3, 0, 5]) {
    const batch = next(count);
    const before = Uint8Array.from(batch);
    expect(rows.pass(batch, false)).toEqual(before);
  }
  expect(rows.ledger).toEqual({ received: 8, sent: 8, withheld: 0 });
});

it('counts what it withholds, and the counters in the batches after that add up', () => {
  const rows = new RelayedRows();
  const next = batchesOf();
  const passed = [4, 5, 6, 7, 8].map((count, i) => rows.pass(next(count), i === 1 || i === 2));
  expect(passed.map((batch) => batch !== undefined)).toEqual([true, false, false, true, true]);
  expect(rows.ledger).toEqual({ received: 30, sent: 19, withheld: 11 });
  const got = passed.flatMap((batch) => (batch === undefined ? [] : [PacketLogBatch.from(batch)]));
  expect(got.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
  let received = 0;
  for (const batch of got) {
    received += batch.length;
    expect(batch.offered).toBe(received + batch.dropped + batch.withheld);
  }
});

it('does not pass on what is no batch', () => {
  expect(() => new RelayedRows().pass(new Uint8Array(10), false)).toThrow('truncated');
});
