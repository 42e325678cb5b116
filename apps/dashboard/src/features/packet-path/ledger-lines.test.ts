import { expect, test } from 'vitest';
import { makeLedger } from '../../../test/support/samples.ts';
import { ledgerLines } from './ledger-lines.ts';

const seen = (ledger: Parameters<typeof ledgerLines>[0]) =>
  ledgerLines(ledger).map(({ name, counters }) => [name, counters.seen]);

test('interfaces that are not watched have their own line, and the sum includes them', () => {
  const one = makeLedger({ seen: 5 });
  expect(seen(one)).toEqual([['eth0', 5]]);
  const [first] = one.interfaces;
  if (first === undefined) throw new Error('one interface');
  expect(seen({ ...one, unwatched: { ifindex: 9, counters: { ...first.counters, seen: 2 } } })).toEqual([
    ['eth0', 5],
    ['not watched', 2],
    ['all', 7],
  ]);
});
