/**
 * No record may be lost between releasing the ring and sleeping: poll policy and ring together, as the drain thread
 * uses them.
 */
import { describe, expect, it } from 'vitest';
import { FakeRing, numberedRecord } from '../../test/support/fake-ring.ts';
import { KernelRing } from '../rings/kernel-ring.ts';
import { PollPolicy } from './poll-policy.ts';

/** The moments between the reader's steps before it sleeps at which the writer may act. */
const MOMENTS = ['before the commit', 'before the second poll', 'before sleeping', 'asleep'] as const;
type Moment = (typeof MOMENTS)[number];

const ALL = Number.MAX_SAFE_INTEGER;

/** Reserves and commits one record at the given moments; returns whether it was delivered or its reader woken. */
function reachesReader(reserveAt: Moment, commitAt: Moment, secondPoll: boolean): boolean {
  const fake = new FakeRing(4096);
  const ring = new KernelRing(fake.memory);
  const pollPolicy = new PollPolicy({ canPoll: false });
  let delivered = 0;
  const poll = () => ring.drain((_, __, count) => (delivered += count), ALL).records;
  let signalled = false;
  let position = Number.NaN;
  const at = (moment: Moment) => {
    if (moment === reserveAt) position = fake.reserve() ?? Number.NaN;
    if (moment === commitAt) {
      fake.fill(position, numberedRecord(0));
      signalled = fake.commit(position);
    }
  };

  // An earlier record, which the reader holds back; then only empty polls.
  fake.write(numberedRecord(9));
  let next = pollPolicy.next(poll(), false);
  while (next.do !== 'sleep') {
    ring.commit('holdLast');
    next = pollPolicy.next(poll(), false);
  }
  delivered = 0;
  at('before the commit');
  ring.commit('wakeOnNext');
  at('before the second poll');
  if (secondPoll) poll();
  at('before sleeping');
  at('asleep');
  return delivered === 1 || signalled;
}

const pairs = MOMENTS.flatMap((reserve, i) => MOMENTS.slice(i).map((commit) => [reserve, commit] as const));

describe('on the way to sleep', () => {
  it.each(pairs)('a record reserved %s and committed %s is read or wakes the reader', (reserve, commit) => {
    expect(reachesReader(reserve, commit, true)).toBe(true);
  });

  it('a record committed just before the reader commits would be missed without the second poll', () => {
    const lost = pairs.filter(([reserve, commit]) => !reachesReader(reserve, commit, false));
    expect(lost).toEqual([['before the commit', 'before the commit']]);
  });
});
