import { expect, test } from 'vitest';
import { makeLedger } from '../../../test/support/samples.ts';
import type { Loader } from '../connection/loader.ts';
import { accessOf, isSettled, RecorderReach } from './recorder-reach.ts';

const RECORDER = { oldest_ms: 0, offered: 0, recorded: 0, sampled: 0, lost: 0, pending: 0, expired: 0 };

/** A node in this state; `oldestMs` of its recorder, null without one, undefined before its first ledger. */
function loader(state: string, oldestMs?: number | null): Loader {
  const recorder = { ...RECORDER, bytes: 0, unsealed: 0, recording: true, oldest_ms: oldestMs ?? 0 };
  const ledger = oldestMs === undefined ? null : { ...makeLedger(), ...(oldestMs !== null && { recorder }) };
  return { store: { connection: { state }, getSnapshot: () => ({ figures: { ledger } }) } } as unknown as Loader;
}

test.each([
  ['live', 5, 'recording', true],
  ['stale', 5, 'recording', true],
  ['live', null, 'no_recorder', true],
  ['live', undefined, 'unreachable', true],
  ['lost', 5, 'unreachable', true],
  ['connecting', undefined, 'unreachable', false],
] as const)('a node that is %s, with a recorder since %s, is %s', (state, oldestMs, access, settled) => {
  expect([accessOf(loader(state, oldestMs)), isSettled(loader(state, oldestMs))]).toEqual([access, settled]);
});

test('recorders are counted, and how often one becomes reachable', () => {
  const nodes = [loader('live', 70), loader('lost', 50), loader('live', null), loader('connecting')];
  const reach = new RecorderReach(nodes);
  expect(reach.sum()).toEqual({ recording: 2, of: 4, oldest_ms: 50, joined: 1 });
  expect(reach.sum().joined).toBe(1);
  Object.assign(nodes[1]?.store ?? {}, { connection: { state: 'live' } });
  expect(reach.sum().joined).toBe(2);
  Object.assign(nodes[0]?.store ?? {}, { connection: { state: 'lost' } });
  expect(reach.sum()).toEqual({ recording: 2, of: 4, oldest_ms: 50, joined: 2 });
  Object.assign(nodes[0]?.store ?? {}, { connection: { state: 'live' } });
  expect(reach.sum().joined).toBe(3);
});
