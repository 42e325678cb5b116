/** Compiles draft rules and evaluates the packets of the next seconds with them. */
import type { CheckedRulesRequest, DryRunReport, Rule } from '@packetlog/common';
import type { Caller } from '../../ipc/rules-access.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { Enforcement } from '../engine/enforcement.ts';
import { asRejection } from '../engine/rejection-text.ts';
import type { RulesService } from '../engine/rules-service.ts';
import { addRules } from '../ruleset/changes.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset } from '../ruleset/ruleset.ts';
import { readSet, requireGood } from '../store/read-set.ts';
import { sharedBytes } from '../store/shared-bytes.ts';
import type { DryRuns } from './dry-runs.ts';

export interface Stage {
  readonly service: RulesService;
  readonly enforcement: Enforcement;
  readonly compiler: Compiler;
  readonly dryRuns: DryRuns;
  readonly slots: ReadonlyMap<number, number>;
}

/** Runs the dry run of a request. Throws RulesRejection. */
export function dryRun(request: CheckedRulesRequest<'test'>, caller: Caller, stage: Stage): Promise<DryRunReport> {
  return stage.dryRuns.admit(caller, () => play(request, stage, caller.gone));
}

async function play(
  request: CheckedRulesRequest<'test'>,
  stage: Stage,
  gone: AbortSignal | undefined,
): Promise<DryRunReport> {
  const { service, enforcement, dryRuns, slots } = stage;
  const current = service.ruleset;
  const sets = new Map(current.sets);
  for (const [name, text] of Object.entries(request.sets ?? {}))
    sets.set(name, await readText(name, text, stage.compiler));
  const circumstances = { nowMs: Date.now(), createdBy: 'dry run' };
  const drafts = request.rules ?? (request.add ? [request.add] : []);
  const start: Ruleset = request.rules ? { ...EMPTY_RULESET, protect: current.protect } : current;
  const base: Ruleset = { ...start, sets, defaultPolicy: request.default_policy ?? current.defaultPolicy };
  const { ruleset, rules } = addRules(base, drafts, circumstances, fieldOf(request));
  const made: Rule[] = rules.map(({ rule }) => rule);
  const compiled = await enforcement.compileApart(ruleset, stage.compiler).catch((error: unknown) => {
    throw asRejection(error);
  });
  const draftIndexes = new Map(made.map(({ id }, i) => [id, i]));
  return dryRuns.play({
    compiled,
    slots,
    seconds: request.seconds,
    gone,
    lockouts: service.lockouts(compiled),
    nameOf: (id) => {
      const draft = draftIndexes.get(id);
      return draft === undefined ? { id } : { draft };
    },
  });
}

/** Returns the name of a draft's field in the request, for errors. */
function fieldOf({ rules }: CheckedRulesRequest<'test'>): (index: number) => string {
  return (index) => (rules === undefined ? 'add' : `rules.${index}`);
}

async function readText(name: string, text: string, compiler: Compiler): Promise<NamedSet> {
  const bytes = sharedBytes(Buffer.from(text));
  return requireGood(await readSet(compiler, { name, origin: { kind: 'copy' }, text: bytes, loadedAtMs: Date.now() }));
}
