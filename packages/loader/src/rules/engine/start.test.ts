import { expect, it } from 'vitest';
import type { Compiler } from '../compiler/worker/compiler.ts';
import { EMPTY_RULESET } from '../ruleset/ruleset.ts';
import type { RuleStore } from '../store/rule-store.ts';
import { readAgain } from './start.ts';

/** A simulated store without a rules file. */
const store = { readFile: async () => undefined } as unknown as RuleStore;
const compiler = {} as Compiler;

it('a reload without a rules file changes nothing while there are no rules', async () => {
  expect(await readAgain(store, compiler, EMPTY_RULESET)).toBeUndefined();
});

it('a reload without a rules file is an error if there are rules', async () => {
  const known = { ...EMPTY_RULESET, defaultPolicy: 'deny' as const };
  await expect(readAgain(store, compiler, known)).rejects.toThrow('does not exist');
});
