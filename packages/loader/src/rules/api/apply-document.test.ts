import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeService, ROOT } from '../../../test/support/fake-kernel.ts';
import { Compiler } from '../compiler/worker/compiler.ts';
import { importing } from '../engine/change.ts';
import { readSet } from '../store/read-set.ts';
import { RulesApi } from './rules-api.ts';

const compiler = new Compiler();
let fake: ReturnType<typeof fakeService>;
let rulesApi: RulesApi;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin();
  rulesApi = new RulesApi({
    service: fake.service,
    audit: { newest: () => [] },
    compiler,
    snapshot: () => fake.service.snapshot({ enforcing: true, pinned: false }),
    dryRun: () => Promise.reject(new Error('not here')),
    proposePermits: () => Promise.reject(new Error('not here')),
    failed: (error) => {
      throw error;
    },
  });
});
afterEach(() => fake.end());

/** Returns a list, and the change that imports it as the set `drop`. */
async function importOf(entries: string) {
  const text = { name: 'drop', origin: { kind: 'copy' } as const, text: Buffer.from(entries), loadedAtMs: Date.now() };
  return importing({ action: 'deny', reason: '', force: true }, (await readSet(compiler, text)).set, ROOT);
}
const applyDrop = () =>
  rulesApi.ask(
    'apply',
    { document: { version: 1, rules: [{ action: 'deny', source: 'set:drop' }], sets: { drop: {} } } },
    { who: ROOT, mayChange: true, mayNameFiles: true },
  );

it('keeps the list that a set has when the change is made, not the one it had when the request came', async () => {
  await fake.service.ask(await importOf('192.0.2.0/24\n'));
  const other = await importOf('198.51.100.0/24\n');
  let begin = () => {};
  const busy = fake.service.load(
    () =>
      new Promise((resolve) => {
        begin = () => resolve(undefined);
      }),
    'holds the queue',
  );
  const imported = fake.service.ask(other);
  const applied = applyDrop();
  await new Promise(setImmediate);
  begin();
  await Promise.all([busy, imported]);
  expect(await applied).toMatchObject({ ok: true, value: { changed: false } });
  expect(fake.kernel.verdict('198.51.100.7')).toBe('deny 1');
  expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
});

it('reports a set that has neither its own list nor a kept one', async () => {
  expect(await applyDrop()).toMatchObject({
    ok: false,
    error: {
      code: 'invalid',
      field: 'document.sets.drop',
      message: expect.stringMatching(/neither file nor entries.*rules import FILE/),
    },
  });
});

it('does not apply the rules of a fleet in a copy of a node’s rules file, and says so', async () => {
  const document = {
    version: 1 as const,
    default_policy: 'deny' as const,
    own_default_policy: 'permit' as const,
    rules: [
      { action: 'deny' as const, source: 'set:fleet.bad', group: 'web' },
      { action: 'deny' as const, source: '192.0.2.1' },
    ],
    sets: { 'fleet.bad': {} },
  };
  const answer = await rulesApi.ask('apply', { document }, { who: ROOT, mayChange: true, mayNameFiles: true });
  expect(answer).toMatchObject({
    ok: true,
    value: { notes: ['1 rule of the fleet is not applied: only a hub sets such rules.'] },
  });
  expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'permit', rules: [{ source: '192.0.2.1' }] });
});
