/** A rules file that is loaded while a change is pending. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeService, ROOT } from '../../../test/support/fake-kernel.ts';
import { Compiler } from '../compiler/worker/compiler.ts';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';
import { readSet, requireGood } from '../store/read-set.ts';
import { importing, removing } from './change.ts';

let fake: ReturnType<typeof fakeService>;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin(ruleset('192.0.2.1'));
});
afterEach(() => fake.end());

const ruleset = (...sources: string[]): Ruleset => ({
  ...EMPTY_RULESET,
  rules: sources.map((source, i) => ({
    id: i + 1,
    action: 'deny',
    source,
    reason: '',
    created_by: 'file',
    created_at: '2026-01-01T00:00:00.000Z',
  })),
  nextId: sources.length + 1,
});
const load = (read: Ruleset) => fake.service.load(async () => read, 'SIGHUP');
const alarms = () => fake.service.alarms.all.map(({ code, message }) => `${code}: ${message}`);
const pending = () => fake.service.snapshot({ enforcing: true, pinned: false }).pending;
const REVERTED = expect.stringMatching(
  /^rules_file: The edit of the rules file \S+ was not confirmed and has reverted/,
);

it('and joins it leaves an alarm when that reverts, and is not tried again by a start', async () => {
  await fake.add({ source: 'any' });
  const joining = ruleset('192.0.2.1', 'any');
  expect((await load(joining))?.pending).toBeDefined();
  expect(alarms()).toEqual([]);
  await fake.service.revert(ROOT);
  expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
  expect(alarms()).toEqual([REVERTED]);
  await fake.begin(ruleset('192.0.2.1'), joining);
  expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
  expect(pending()).toBeUndefined();
});

it('and joins it is left as people wrote it when that is confirmed', async () => {
  await fake.add({ source: 'any' });
  await load(ruleset('192.0.2.1', 'any'));
  await fake.service.confirm(ROOT);
  expect(fake.wrote.at(-1)).toEqual({ fileSaysIt: true });
  expect(alarms()).toEqual([]);
});

it('says what is confirmed: an alarm about it ends, and none comes when the rest reverts', async () => {
  await load(ruleset('192.0.2.1', 'any'));
  expect((await load(ruleset('192.0.2.1')))?.pending).toBeUndefined();
  await fake.service.revert(ROOT);
  expect(alarms()).toEqual([]);
  await load(ruleset('set:typo')).catch(() => {});
  expect(alarms()).toHaveLength(1);
  await fake.add({ source: 'any' });
  await load(ruleset('192.0.2.1'));
  expect(alarms()).toEqual([]);
  expect(pending()).toBeDefined();
});

it('and was overwritten by another change is written again when it is confirmed, without an alarm when not', async () => {
  await load(ruleset('192.0.2.1', 'any'));
  const { value } = await fake.add({ source: '192.0.2.9' });
  await fake.service.ask(removing({ ids: [value.rule.id] }, ROOT));
  await fake.service.confirm(ROOT);
  expect(fake.saved.at(-1)?.rules.map(({ source }) => source)).toEqual(['192.0.2.1', 'any']);
  expect(fake.wrote.at(-1)).toEqual({ fileSaysIt: false });
  await load(ruleset('192.0.2.1', 'any', '::/0'));
  await fake.add({ source: '192.0.2.9' });
  await fake.service.revert(ROOT);
  expect(alarms()).toEqual([]);
});

it('does not have ids of what waited beside it given again', async () => {
  const set = { name: 'wide', origin: { kind: 'copy' } as const, text: Buffer.from('64.0.0.0/2\n'), loadedAtMs: 0 };
  const wide = requireGood(await readSet(new Compiler(), set));
  expect((await fake.service.ask(importing({ action: 'deny', reason: '' }, wide, ROOT))).pending).toBeDefined();
  const beside = await fake.add({ action: 'permit', source: 'set:wide', destination_port: 80 });
  expect([beside.value.rule.id, beside.pending]).toEqual([3, expect.anything()]);
  await fake.service.revert(ROOT);
  expect((await fake.add({ source: '192.0.2.9' })).value.rule.id).toBe(4);
});
