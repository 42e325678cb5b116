import { expect, test } from 'vitest';
import { makeLedger } from '../../../test/support/samples.ts';
import { lossSentence, type PathFacts, packetPath } from './packet-path.ts';

const hop = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };

/** Two interfaces; every kind of loss, and everything that is excluded. */
function facts(over: Partial<PathFacts> = {}): PathFacts {
  const [first, second] = makeLedger({ ringFull: [3, 4] }).interfaces;
  if (first === undefined || second === undefined) throw new Error('two interfaces');
  const counters = { ...first.counters, seen: 100, permitted: 90, denied: 9, aborted: 1, bytes: 6400 };
  const ledger = {
    ...makeLedger(),
    interfaces: [
      { ...first, counters: { ...counters, emitted: 80, sampled_out: 10, filtered_out: 7, ring_full: 3 } },
      { ...second, counters: { ...counters, emitted: 96, sampled_out: 0, filtered_out: 0, ring_full: 4 } },
    ],
    before: 20,
    ring: { ...hop, offered: 156, delivered: 150, pending: 6 },
    queue: { ...hop, offered: 150, delivered: 120, dropped: 11, withheld: 19 },
    client: { ...hop, offered: 60, delivered: 40, dropped: 5, withheld: 12, pending: 3, filtered: 30 },
  };
  return {
    ledger,
    loss: { ring: 7, queue: 11, page: 5, total: 23 },
    wouldDeny: 2,
    sampledOneOf: 8,
    rowLimit: 20_000,
    badMessages: 0,
    ...over,
  };
}

const of = (input: PathFacts) => Object.fromEntries(packetPath(input).map((step) => [step.id, step]));

test('at every step, entered = passed + excluded + lost', () => {
  for (const { id, entered, passed, lost, amounts } of packetPath(facts())) {
    const excluded = amounts.reduce((sum, { kind, value }) => sum + (kind === 'excluded' ? value : 0), 0);
    expect(passed + excluded + lost, id).toBe(entered);
    expect(passed, id).toBeGreaterThan(0);
  }
});

test('up to the loader, what one step passes enters the next', () => {
  const { hook, rules, ring, loader } = of(facts());
  expect([hook?.passed, rules?.passed, ring?.passed]).toEqual([200, 200, 176]);
  expect(loader).toMatchObject({ entered: 176, passed: 120, lost: 11 });
});

test('the page has its own ledger since it connected, including earlier connections', () => {
  expect(of(facts())['page']).toMatchObject({ entered: 90, passed: 40, lost: 5 });
  const loss = { ring: 7, queue: 11, page: 25, total: 43 };
  expect(of(facts({ loss }))['page']).toMatchObject({ entered: 110, passed: 40, lost: 25 });
});

test('through a hub there is one more step, and the sums stay equal', () => {
  const input = facts();
  // The loader delivered 40 rows to the hub, which passed on 33 of them.
  const ledger = { ...input.ledger, hub: { received: 40, sent: 33, withheld: 7 } };
  const steps = of({ ...input, ledger });
  expect(steps['hub']).toMatchObject({ entered: 40, passed: 33, lost: 0 });
  expect(steps['page']).toMatchObject({ entered: 83, passed: 33, lost: 5 });
  expect(of(input)['hub']).toBeUndefined();
});

test('denied packets are counted separately and are not lost', () => {
  const { rules } = of(facts());
  expect(rules?.lost).toBe(0);
  expect(rules?.amounts.map(({ label, value }) => [label, value])).toEqual([
    ['permitted', 180],
    ['denied', 18],
    ['would deny', 2],
    ['aborted', 2],
  ]);
});

test('packets of interfaces that are not watched take the same path', () => {
  const { ledger } = facts();
  const [counters] = ledger.interfaces.map((entry) => entry.counters);
  if (counters === undefined) throw new Error('one interface');
  const steps = of(facts({ ledger: { ...ledger, unwatched: { ifindex: 9, counters } } }));
  expect([steps['hook']?.entered, steps['ring']?.lost, steps['loader']?.entered]).toEqual([300, 10, 256]);
});

test('sampling has the number of packets that a row represents', () => {
  expect(of(facts())['ring']?.amounts[0]?.text).toContain('1 of 8');
  expect(of(facts({ sampledOneOf: 1 }))['ring']?.amounts[0]?.text).not.toContain('1 of');
});

test('amounts of 0 are omitted, except for losses', () => {
  const quiet = packetPath({
    ...facts(),
    ledger: makeLedger({ seen: 5 }),
    loss: { ring: 0, queue: 0, page: 0, total: 0 },
    wouldDeny: 0,
  });
  expect(quiet.flatMap(({ amounts }) => amounts.map(({ label }) => label))).toEqual([
    'permitted',
    'denied',
    'ring full',
    'loader too slow',
    'client too slow',
  ]);
});

test('the sentence names the steps with losses, or reports that nothing was lost', () => {
  expect(lossSentence(packetPath(facts()))).toBe(
    'Lost of 200 packets: 7 rows because the ring was full, 11 rows in the loader, 5 rows between the loader and this page. The counters still include them.',
  );
  const none = { ring: 0, queue: 0, page: 0, total: 0 };
  expect(lossSentence(packetPath(facts({ ledger: makeLedger({ seen: 1 }), loss: none })))).toBe(
    'Nothing lost of 1 packet.',
  );
});
