/** Notes in the answer to a change: text that was interpreted differently, and rules that match nothing. */
import {
  type MatchContext,
  mappedNote,
  neverMatches,
  type Rule,
  type RuleSet,
  type RulesSnapshot,
} from '@packetlog/common';

import { isExpired } from '../ruleset/ruleset.ts';

const MAX_NOTES = 20;

/** Returns notes about rules. `written`: these rules as the client sent them, in the same order, not validated. */
export function notesAbout(rules: readonly Rule[], written: readonly unknown[], context: MatchContext): string[] {
  const notes = rules.flatMap((rule, i) => {
    const { source, destination } = (written[i] ?? {}) as { source?: unknown; destination?: unknown };
    const mapped = [mappedNote(source, rule.source), mappedNote(destination, rule.destination ?? '')];
    const never = neverMatches(rule, context);
    return [...mapped.flatMap((note) => note ?? []), ...(never === undefined ? [] : [`Rule ${rule.id}: ${never}`])];
  });
  if (notes.length <= MAX_NOTES) return notes;
  return [...notes.slice(0, MAX_NOTES), `And ${notes.length - MAX_NOTES} more such rules.`];
}

/** Adds a warning to each rule that can never match, or whose interface rules cannot act on. */
export function withWarnings(snapshot: RulesSnapshot, interfaces: readonly string[] | undefined): RulesSnapshot {
  const context = contextOf(snapshot.sets, interfaces);
  const rules = snapshot.rules.map((rule) => {
    const warning = neverMatches(rule, context) ?? notInForce(rule, snapshot);
    return warning === undefined ? rule : { ...rule, warning };
  });
  return { ...snapshot, rules };
}

/** Adds the number of bans in force. `bans`: their deny rules, some of which may have expired. */
export function withBans(snapshot: RulesSnapshot, bans: readonly Rule[], nowMs = Date.now()): RulesSnapshot {
  const inForce = bans.filter((ban) => !isExpired(ban, nowMs)).length;
  return inForce === 0 ? snapshot : { ...snapshot, bans: inForce };
}

function notInForce(rule: Rule, { in_force }: RulesSnapshot): string | undefined {
  const without = in_force?.not_filtered?.find(({ name }) => name === rule.interface);
  return without && `It is not in force: rules do not act on ${without.name}: ${without.why}.`;
}

/** `interfaces`: names of the watched interfaces; undefined: not known. */
export function contextOf(sets: readonly RuleSet[], interfaces: readonly string[] | undefined): MatchContext {
  const entries = new Map(sets.map((set) => [set.name, set.entries]));
  return { setEntries: (name) => entries.get(name), ...(interfaces === undefined ? {} : { interfaces }) };
}
