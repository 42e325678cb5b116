import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { Compiler } from '../compiler/worker/compiler.ts';
import { importSet } from '../ruleset/changes.ts';
import { EMPTY_RULESET, type NamedSet } from '../ruleset/ruleset.ts';
import { readSet, readStored } from '../store/read-set.ts';
import { importing, removing } from './change.ts';

const compiler = new Compiler();
let fake: ReturnType<typeof fakeService>;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

const setOf = async (text: string): Promise<NamedSet> => {
  const from = { name: 'drop', origin: { kind: 'copy' } as const, text: Buffer.from(text), loadedAtMs: Date.now() };
  return (await readSet(compiler, from)).set;
};
const importIt = async (text: string) =>
  fake.service.ask(importing({ action: 'deny', reason: '' }, await setOf(text), ROOT));
const alarms = () => fake.service.alarms.all.map(({ code, message }) => `${code}: ${message}`);
const LOST = ['set_file: The copy of drop is damaged.'];

/** Starts with a damaged copy of a list. */
async function begin(left: string): Promise<void> {
  const set = await setOf(left);
  const { ruleset } = importSet(EMPTY_RULESET, set, 'deny', '', { nowMs: Date.now(), createdBy: 'root' });
  const lost = [{ set: 'drop', text: set.text as Uint8Array, message: 'The copy of drop is damaged.' }];
  await fake.service.begin({ base: ruleset, from: 'last good copy', edited: undefined, fileAlarm: undefined, lost });
}

it('is an alarm for as long as what is left of it is in force: undo and revert bring it back', async () => {
  await begin('192.0.2.0/24\n');
  await fake.add({ source: '203.0.113.1' });
  expect(alarms()).toEqual(LOST);
  await importIt('192.0.2.0/24\n198.51.100.0/24\n');
  expect(alarms()).toEqual([]);
  await fake.service.undo(ROOT);
  expect(alarms()).toEqual(LOST);
  // This import is risky, so it stays pending.
  await importIt('64.0.0.0/2\n');
  expect(alarms()).toEqual([]);
  await fake.service.revert(ROOT);
  expect(alarms()).toEqual(LOST);
  await fake.service.ask(removing({ ids: [1] }, ROOT));
  expect(alarms()).toEqual([]);
  await fake.service.undo(ROOT);
  expect(alarms()).toEqual(LOST);
});

it('and of which nothing is left is not taken for a list that was meant to be empty', async () => {
  await begin('');
  await fake.add({ source: '203.0.113.1' });
  expect(await rejection(importIt('# moved\n'))).toMatchObject({ field: 'allow_empty' });
  expect(alarms()).toEqual(LOST);
});

it('is also one that was accepted before and cannot be read at all any more', async () => {
  const good = await setOf('192.0.2.0/24\n');
  const { ruleset } = importSet(EMPTY_RULESET, good, 'deny', '', { nowMs: Date.now(), createdBy: 'root' });
  const cut = { ...good, text: Buffer.from('["192.0.2.1",\n"192.0.2.2",\n') };
  const stored = await readStored(compiler, { ruleset, sets: [cut], isEdited: false, lost: [] });
  await fake.service.begin({ ...stored, base: stored.ruleset, from: 'file', edited: undefined, fileAlarm: undefined });
  expect(alarms()).toEqual([
    expect.stringMatching(/^set_file: The list of set drop begins with .* match nothing\. Import it again: packetlog/),
  ]);
  await importIt('192.0.2.0/24\n');
  expect(alarms()).toEqual([]);
});
