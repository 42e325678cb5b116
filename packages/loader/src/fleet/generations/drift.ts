/** Drift: how the rules of a node differ from those of its generation, because a person changed them on the node. */
import { type FileRule, type Rule, ruleSentence } from '@packetlog/common';
import type { Generation } from '@packetlog/common/fleet';
import { ruleKey } from '../../rules/ruleset/apply.ts';
import { matchKey } from '../../rules/ruleset/changes.ts';
import { textHash } from '../../rules/ruleset/content-hash.ts';
import { fleetPart, fleetPolicy } from '../../rules/ruleset/fleet-part.ts';
import { perRule } from '../../rules/ruleset/per-rule.ts';
import { isExpired, type NamedSet, type Ruleset } from '../../rules/ruleset/ruleset.ts';
import { wantedRules } from './desired-rules.ts';

const MAX_SENTENCES = 20;
const MAX_CHARACTERS = 512;

/** Returns sentences without their end: 'rule deny 203.0.113.7 is missing'; at most 20, the last one counts the rest. */
export function driftOf(generation: Generation, ruleset: Ruleset, nowMs: number): string[] {
  const wanted = wantedOf(generation);
  const part = fleetPart(ruleset);
  const here = part.rules.filter((rule) => !isExpired(rule, nowMs));
  const all = [
    ...policyDrift(generation, ruleset),
    ...rulesDrift(
      wanted.rules.filter(({ rule }) => !isExpired(rule, nowMs)),
      here,
      nowMs,
    ),
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

/** A rule of a generation, with what is expensive to compute at each change of the node's rules. */
interface Wanted {
  readonly rule: FileRule;
  readonly key: string;
}

interface WantedOfGeneration {
  /** Also those that have expired. */
  readonly rules: readonly Wanted[];
  /** Hash of the text of each list, by the name of the set. */
  readonly lists: ReadonlyMap<string, string>;
}

const known = new WeakMap<Generation, WantedOfGeneration>();

function wantedOf(generation: Generation): WantedOfGeneration {
  const cached = known.get(generation);
  if (cached !== undefined) return cached;
  const { rules, lists } = wantedRules(generation, Number.NEGATIVE_INFINITY);
  const wanted = {
    rules: rules.map((rule) => ({ rule, key: ruleKey(rule) })),
    lists: new Map([...lists].map(([name, text]) => [name, textHash(Buffer.from(text))])),
  };
  known.set(generation, wanted);
  return wanted;
}

const keyOf = perRule(ruleKey);

function rulesDrift(wanted: readonly Wanted[], here: readonly Rule[], nowMs: number): string[] {
  const rest = byKey(here, keyOf);
  const missing = wanted.filter(({ key }) => take(rest, key) === undefined);
  const others = byKey([...rest.values()].flat(), matchKey);
  const sentences = missing.map(({ rule }) => {
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
  return [...wanted].flatMap(([name, hash]) => {
    const set = here.get(name);
    if (set === undefined) return [`set ${name} is missing`];
    const isSame = set.text !== undefined && textHash(set.text) === hash;
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
