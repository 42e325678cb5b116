import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { lockFile, newDirectory } from '../../test/support/directory.ts';
import { sharedBy } from '../../test/support/shared-state.ts';
import { openFileState } from '../state/file-state.ts';
import type { HubState } from '../state/hub-state.ts';
import { Lease, RENEW_MS } from './lease.ts';

let state: HubState;
let nowMs = 0;
const clock = { monotonic: () => nowMs };
const lease = (hub: string, shared = sharedBy(state)) => new Lease(shared, hub, clock);

beforeEach(async () => {
  state = await openFileState({ directory: newDirectory(), lockFile });
  onTestFinished(() => state.close());
  nowMs = 0;
});

it('is held by one hub, until that has not renewed it for a while', async () => {
  const [one, two] = [lease('one'), lease('two')];
  for (const each of [one, two, one, two]) {
    await each.renew();
    nowMs += RENEW_MS;
  }
  expect([one.isHeld, two.isHeld]).toEqual([true, false]);
  // `one` is dead. It stops before the other takes over.
  const moments: string[] = [];
  for (let times = 0; times < 6; times += 1) {
    await two.renew();
    moments.push(one.isHeld ? 'one' : two.isHeld ? 'two' : 'none');
    nowMs += RENEW_MS;
  }
  expect(moments).toEqual(['one', 'none', 'none', 'two', 'two', 'two']);
  await one.renew();
  expect(one.isHeld).toBe(false);
});

it('is taken at once when it was released', async () => {
  const [one, two] = [lease('one'), lease('two')];
  await one.renew();
  await two.renew();
  await one.release();
  await two.renew();
  expect([one.isHeld, two.isHeld]).toEqual([false, true]);
  // Not its own.
  await one.release();
  await two.renew();
  expect(two.isHeld).toBe(true);
});

it('is not needed with a state of one hub', () => {
  expect(lease('one', state).isHeld).toBe(true);
});
