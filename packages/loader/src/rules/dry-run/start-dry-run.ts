/** Plays rules that somebody thinks of against the packets of the next seconds. */
import type { CheckedRulesRequest, RehearsalReport, Rule } from '@packetlog/common';
import type { Asker } from '../../ipc/rules-access.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { Enforcement } from '../engine/enforcement.ts';
import { asRefusal } from '../engine/rejection-text.ts';
import type { RulesService } from '../engine/rules-service.ts';
import { addRules } from '../ruleset/changes.ts';
import { EMPTY_BOOK, type NamedSet, type RuleBook } from '../ruleset/ruleset.ts';
import { readSet, requireGood } from '../store/read-set.ts';
import { sharedBytes } from '../store/shared-bytes.ts';
import type { Rehearsals } from './dry-runs.ts';

export interface Stage {
  readonly service: RulesService;
  readonly enforcement: Enforcement;
  readonly compiler: Compiler;
  readonly rehearsals: Rehearsals;
  readonly slots: ReadonlyMap<number, number>;
}

/** Throws RulesRefusal. */
export function rehearse(request: CheckedRulesRequest<'test'>, asker: Asker, stage: Stage): Promise<RehearsalReport> {
  return stage.rehearsals.admit(asker, () => play(request, stage, asker.gone));
}

async function play(
  request: CheckedRulesRequest<'test'>,
  stage: Stage,
  gone: AbortSignal | undefined,
): Promise<RehearsalReport> {
  const { service, enforcement, rehearsals, slots } = stage;
  const now = service.book;
  const sets = new Map(now.sets);
  for (const [name, text] of Object.entries(request.sets ?? {}))
    sets.set(name, await readText(name, text, stage.compiler));
  const circumstances = { nowMs: Date.now(), createdBy: 'rehearsal' };
  const drafts = request.rules ?? (request.add ? [request.add] : []);
  const start: RuleBook = request.rules ? { ...EMPTY_BOOK, protect: now.protect } : now;
  const empty: RuleBook = { ...start, sets, defaultPolicy: request.default_policy ?? now.defaultPolicy };
  const { book, rules } = addRules(empty, drafts, circumstances, fieldOf(request));
  const made: Rule[] = rules.map(({ rule }) => rule);
  const held = await enforcement.compileApart(book, stage.compiler).catch((error: unknown) => {
    throw asRefusal(error);
  });
  const places = new Map(made.map(({ id }, i) => [id, i]));
  return rehearsals.play({
    held,
    slots,
    seconds: request.seconds,
    gone,
    lockouts: service.lockouts(held),
    nameOf: (id) => {
      const draft = places.get(id);
      return draft === undefined ? { id } : { draft };
    },
  });
}

/** What of the request a draft is, for errors. */
function fieldOf({ rules }: CheckedRulesRequest<'test'>): (index: number) => string {
  return (index) => (rules === undefined ? 'add' : `rules.${index}`);
}

async function readText(name: string, text: string, compiler: Compiler): Promise<NamedSet> {
  const bytes = sharedBytes(Buffer.from(text));
  return requireGood(await readSet(compiler, { name, origin: { kind: 'copy' }, text: bytes, loadedAtMs: Date.now() }));
}
