/** Compiles draft rules and evaluates the packets of the next seconds with them. */
import type { CheckedRulesRequest, DryRunReport } from '@packetlog/common';
import type { Caller } from '../../ipc/rules-access.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { Enforcement } from '../engine/enforcement.ts';
import { asRejection } from '../engine/rejection-text.ts';
import type { RulesService } from '../engine/rules-service.ts';
import { draftRuleset } from './draft-ruleset.ts';
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
  const { ruleset, nameOf } = await draftRuleset(request, service.ruleset, stage.compiler);
  const compiled = await enforcement.compileApart(ruleset, stage.compiler).catch((error: unknown) => {
    throw asRejection(error);
  });
  return dryRuns.play({
    compiled,
    slots,
    seconds: request.seconds,
    gone,
    lockouts: service.lockouts(compiled),
    nameOf,
  });
}
