/** Drift: how the rules of a node differ from those of its generation, because a person changed them on the node. */
import { type FileRule, type Rule, ruleSentence } from '@packetlog/common';
import type { Generation } from '@packetlog/common/fleet';
import { ruleKey } from '../../rules/ruleset/apply.ts';
import { matchKey } from '../../rules/ruleset/changes.ts';
import { textHash } from '../../rules/ruleset/content-hash.ts';
import { fleetPart, fleetPolicy } from '../../rules/ruleset/fleet-part.ts';
import { isExpired, type NamedSet, type Ruleset } from '../../rules/ruleset/ruleset.ts';
import { wantedRules } from './desired-rules.ts';

const MAX_SENTENCES = 20;
const MAX_CHARACTERS = 512;

/** Returns sentences without their end: 'rule deny 203.0.113.7 is missing'; at most 20, the last one counts the rest. */
export function driftOf(generation: Generation, ruleset: Ruleset, nowMs: number): string[] {
  const wanted = wantedRules(generation, nowMs);
  const part = fleetPart(ruleset);
  const here = part.rules.filter((rule) => !isExpired(rule, nowMs));
  const all = [
    ...policyDrift(generation, ruleset),
    ...rulesDrift(wanted.rules, here, nowMs),
    ...listsDrift(wanted.lists, part.sets),
  ];
  const shown = all.length <= MAX_SENTENCES ? all : all.slice(0, MAX_SENTENCES - 1);
  const more = all.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`${more} more differences`])].map((text) => text.slice(0, MAX_CHARACTERS));
}

function policyDrift({ rules: { default_policy } }: Generation, ruleset: Ruleset): string[] {
  if (default_policy === undefined || fleetPolicy(ruleset) === default_policy) return [];
  return [`the default policy is ${ruleset.defaultPolicy}, not ${default_policy}`];
}

function rulesDrift(wanted: readonly FileRule[], here: readonly Rule[], nowMs: number): string[] {
  const rest = byKey(here, ruleKey);
  const missing = wanted.filter((rule) => take(rest, ruleKey(rule)) === undefined);
  const others = byKey([...rest.values()].flat(), matchKey);
  const sentences = missing.map((rule) => {
    const changed = take(others, matchKey(rule));
    if (changed === undefined) return `rule ${ruleSentence(rule, nowMs)} is missing`;
    return `rule ${changed.id} is ${ruleSentence(changed, nowMs)}, not ${ruleSentence(rule, nowMs)}`;
  });
  const added = [...others.values()].flat();
  return [
    ...sentences,
    ...added.map((rule) => `rule ${rule.id}, ${ruleSentence(rule, nowMs)}, is not in the generation`),
  ];
}

function listsDrift(wanted: ReadonlyMap<string, string>, here: ReadonlyMap<string, NamedSet>): string[] {
  return [...wanted].flatMap(([name, text]) => {
    const set = here.get(name);
    if (set === undefined) return [`set ${name} is missing`];
    const isSame = set.text !== undefined && textHash(set.text) === textHash(Buffer.from(text));
    return isSame ? [] : [`the list of set ${name} is another one`];
  });
}

function byKey(rules: readonly Rule[], keyOf: (rule: Rule) => string): Map<string, Rule[]> {
  const map = new Map<string, Rule[]>();
  for (const rule of rules) {
    const others = map.get(keyOf(rule));
    if (others) others.push(rule);
    else map.set(keyOf(rule), [rule]);
  }
  return map;
}

/** Removes one rule with this key from the map and returns it. */
function take(rules: Map<string, Rule[]>, key: string): Rule | undefined {
  return rules.get(key)?.shift();
}
