/** Reads the document of a `rules:apply` request, with its lists. */
import { type CheckedRulesRequest, type FileRule, mappedNote, neverMatches } from '@packetlog/common';
import { isFleetSet } from '@packetlog/common/fleet';
import type { Compiler } from '../compiler/worker/compiler.ts';
import { type Desired, namedSets } from '../ruleset/apply.ts';
import { isFleetRule } from '../ruleset/fleet-part.ts';
import { invalid } from '../ruleset/rejection.ts';
import { isExpired, type NamedSet, type SetOrigin } from '../ruleset/ruleset.ts';
import { readSet, requireGood } from '../store/read-set.ts';
import { sharedBytes } from '../store/shared-bytes.ts';

type Request = CheckedRulesRequest<'apply'>;

export interface ReadDocument {
  readonly desired: Desired;
  /** Sentences: which parts of the document have no effect, and how lists were interpreted. */
  readonly notes: readonly string[];
}

/**
 * Reads a requested document. Does not use the rules in force, which may differ when the change is made. Throws
 * RulesRejection. `written`: the document's rules as the client sent them.
 */
export async function readApplied(
  { document, lists = {} }: Request,
  written: readonly unknown[],
  compiler: Compiler,
): Promise<ReadDocument> {
  const nowMs = Date.now();
  const notes = document.rules.flatMap(
    ({ source }, i) => mappedNote((written[i] as { source?: unknown } | undefined)?.source, source) ?? [],
  );
  notes.push(...fleetNote(document.rules));
  const rules = document.rules.filter((rule) => {
    if (isFleetRule(rule)) return false;
    if (!isExpired(rule, nowMs)) return true;
    notes.push(`The rule for ${rule.source} is not applied. ${neverMatches(rule, { nowMs })}`);
    return false;
  });
  const used = namedSets(rules);
  const sets = new Map<string, NamedSet>();
  const keptSets: string[] = [];
  for (const [name, set] of Object.entries(document.sets)) {
    if (isFleetSet(name)) continue;
    if (!used.has(name)) {
      notes.push(`Set ${name} is not applied: no rule names it.`);
      continue;
    }
    const text = set.file === undefined ? set.entries?.join('\n') : lists[name];
    if (text === undefined && set.file !== undefined) {
      throw invalid(`lists.${name}: the list of set ${name} is missing. Send its content.`, `lists.${name}`);
    }
    if (text === undefined) {
      keptSets.push(name);
      continue;
    }
    const origin: SetOrigin =
      set.file === undefined ? { kind: 'inline', entries: set.entries ?? [] } : { kind: 'file', path: set.file };
    const read = await readSet(compiler, { name, origin, text: sharedBytes(Buffer.from(text)), loadedAtMs: nowMs });
    notes.push(...read.notes.map((note) => `Set ${name}: ${note}`));
    sets.set(name, requireGood(read));
  }
  const { default_policy, own_default_policy: defaultPolicy = default_policy, protect } = document;
  return { desired: { defaultPolicy, rules, sets, keptSets, protect }, notes };
}

/** A copy of a node's rules file also has the rules of its fleet. */
function fleetNote(rules: readonly FileRule[]): string[] {
  const fleet = rules.filter(isFleetRule).length;
  if (fleet === 0) return [];
  const [what, are] = fleet === 1 ? ['rule', 'is'] : ['rules', 'are'];
  return [`${fleet} ${what} of the fleet ${are} not applied: only a hub sets such rules.`];
}
