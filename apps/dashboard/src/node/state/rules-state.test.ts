import { expect, test } from 'vitest';
import { makeRule, makeRules } from '../../../test/support/samples.ts';
import { RulesState } from './rules-state.ts';

const count = (id: number, packets: number) => ({ id, packets, bytes: packets * 100, last_seen_ms: 1000 + packets });

test('the packets of a rule in an interval are its rate in the next one', () => {
  const book = new RulesState();
  book.replace(makeRules({ rules: [makeRule({ id: 7, packets: 10, bytes: 1000 })] }));
  book.count([count(7, 40)]);
  book.endInterval(2);
  expect(book.counted(7)).toEqual({
    packets: 40,
    bytes: 4000,
    overPackets: 0,
    lastSeenMs: 1040,
    perSecond: 15,
    overLately: 0,
  });
  expect(book.history(7)?.at(-1)).toBe(30);
  book.endInterval(1);
  expect(book.counted(7)).toMatchObject({ packets: 40, perSecond: 0 });
});

test('a change of the rules keeps the counters, and an older snapshot does not decrease them', () => {
  const book = new RulesState();
  book.replace(makeRules({ rules: [makeRule({ id: 7 })] }));
  book.count([count(7, 40)]);
  book.endInterval(1);
  book.replace(makeRules({ revision: 2, rules: [makeRule({ id: 7, packets: 38 }), makeRule({ id: 8, packets: 5 })] }));
  expect(book.counted(7)).toMatchObject({ packets: 40, perSecond: 40 });
  expect(book.counted(8)).toMatchObject({ packets: 5, perSecond: 0 });
  expect(book.history(8)).toBeNull();
});

test('what was over a limit within the last minute is counted, also after a change of the rules', () => {
  const book = new RulesState();
  book.replace(makeRules({ rules: [makeRule({ id: 7, packets: 10, over_packets: 4 })] }));
  const over = (packets: number, over_packets: number) => book.count([{ ...count(7, packets), over_packets }]);
  over(20, 9);
  book.endInterval(1);
  over(30, 9);
  expect(book.counted(7)).toMatchObject({ overPackets: 9, overLately: 5 });
  book.replace(makeRules({ rules: [makeRule({ id: 7, packets: 30, over_packets: 9 })] }));
  over(40, 10);
  expect(book.counted(7)).toMatchObject({ overPackets: 10, overLately: 6 });
  for (let second = 0; second < 59; second++) book.endInterval(1);
  expect(book.counted(7)).toMatchObject({ overPackets: 10, overLately: 1 });
  book.endInterval(1);
  expect(book.counted(7)).toMatchObject({ overPackets: 10, overLately: 0 });
});

test('counters of unlisted rules are ignored', () => {
  const book = new RulesState();
  book.replace(makeRules());
  book.count([count(7, 40)]);
  expect(book.counted(7)).toMatchObject({ packets: 0, lastSeenMs: null });
});

test('another loader begins without rules', () => {
  const book = new RulesState();
  book.replace(makeRules({ rules: [makeRule({ id: 7, packets: 10 })] }));
  book.forget();
  expect(book.view).toBeNull();
  expect(book.counted(7).packets).toBe(0);
});

test('the view is a new object after a change, and the same object otherwise', () => {
  const book = new RulesState();
  expect(book.view).toBeNull();
  book.replace(makeRules());
  const first = book.view;
  expect(book.view).toBe(first);
  book.endInterval(1);
  expect(book.view).not.toBe(first);
  expect(book.view?.snapshot).toBe(first?.snapshot);
});
