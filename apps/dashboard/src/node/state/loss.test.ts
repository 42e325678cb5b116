import { expect, test } from 'vitest';
import { makeLedger } from '../../../test/support/samples.ts';
import { carryOver, lossSoFar, NOTHING_CARRIED } from './loss.ts';
import { NEW_STREAM } from './stream-ledger.ts';

test('without a ledger and batches nothing is lost', () => {
  expect(lossSoFar(null, NEW_STREAM, NOTHING_CARRIED)).toEqual({ ring: 0, queue: 0, page: 0, total: 0 });
});

test('the loss is the sum of ring, queue and page over all interfaces, without withheld rows', () => {
  const ledger = makeLedger({ ringFull: [3, 4], queueDropped: 10, clientDropped: 100, clientWithheld: 5_000 });
  expect(lossSoFar(ledger, NEW_STREAM, NOTHING_CARRIED)).toEqual({ ring: 7, queue: 10, page: 100, total: 117 });
});

test('the loss includes records of interfaces that are not watched', () => {
  const [first] = makeLedger({ ringFull: [3] }).interfaces;
  if (first === undefined) throw new Error('one interface');
  const ledger = { ...makeLedger({ ringFull: [4] }), unwatched: { ifindex: 9, counters: first.counters } };
  expect(lossSoFar(ledger, NEW_STREAM, NOTHING_CARRIED)).toMatchObject({ ring: 7, total: 7 });
});

test('rows of missing batches are lost to this page', () => {
  const ledger = makeLedger({ clientDropped: 100 });
  expect(lossSoFar(ledger, { ...NEW_STREAM, missingRows: 25 }, NOTHING_CARRIED).page).toBe(125);
});

test('losses in the batch header and in the ledger are counted once', () => {
  const ledger = makeLedger({ clientDropped: 100 });
  expect(lossSoFar(ledger, { ...NEW_STREAM, dropped: 130 }, NOTHING_CARRIED).page).toBe(130);
});

test('a new connection keeps the losses of the one before', () => {
  const carried = carryOver(
    makeLedger({ clientDropped: 100 }),
    { ...NEW_STREAM, missingRows: 5, missingBatches: 1 },
    NOTHING_CARRIED,
  );
  expect(carried).toEqual({ rows: 105, batches: 1 });
  expect(lossSoFar(makeLedger({ clientDropped: 2 }), NEW_STREAM, carried).page).toBe(107);
});
