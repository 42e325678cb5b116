/** What a generation wants on this node: its rules with their group, and the names of its lists as sets. */
import type { FileRule } from '@packetlog/common';
import { fleetSetName, type Generation } from '@packetlog/common/fleet';
import { invalid } from '../../rules/ruleset/rejection.ts';
import { isExpired, setOf } from '../../rules/ruleset/ruleset.ts';

export interface WantedRules {
  readonly rules: readonly FileRule[];
  /** Text of the lists that a rule names, by the name of the set. */
  readonly lists: ReadonlyMap<string, string>;
}

/**
 * Returns the rules that are in force at `nowMs`, without ids and creators, which are the node's. Throws RulesRejection if a
 * rule names a list that the generation does not have.
 */
export function wantedRules({ group, rules: { rules, lists } }: Generation, nowMs: number): WantedRules {
  const used = new Map<string, string>();
  const wanted = rules.flatMap((each, index): FileRule[] => {
    const { id: _, created_by: _by, created_at: _at, ...rule } = each;
    if (isExpired(rule, nowMs)) return [];
    const list = setOf(rule);
    if (list === undefined) return [{ ...rule, group }];
    const text = Object.hasOwn(lists, list) ? lists[list] : undefined;
    if (text === undefined) throw noList(index, list);
    used.set(fleetSetName(list), text);
    return [{ ...rule, group, source: `set:${fleetSetName(list)}` }];
  });
  return { rules: wanted, lists: used };
}

function noList(index: number, list: string): Error {
  return invalid(
    `rules.${index}.source: the generation has no list ${list}. Add the list to the group, or remove the rule.`,
    `rules.${index}.source`,
  );
}
