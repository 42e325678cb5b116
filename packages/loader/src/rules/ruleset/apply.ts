/** Applies a document: computes the smallest set of changes that makes the rules match it. */
import type { DefaultPolicy, FileRule, Rule, RulesDiff } from '@packetlog/common';
import type { AddressList } from '../lists/address-list.ts';
import { type Circumstances, matchKey, numbersOf, requireAddable } from './changes.ts';
import { describeSet } from './describe-set.ts';
import { ownPart, ownPolicy, withFleetPart } from './fleet-part.ts';
import { invalid } from './rejection.ts';
import { isExpired, type NamedSet, type Ruleset, setOf } from './ruleset.ts';

export interface Desired {
  readonly defaultPolicy: DefaultPolicy;
  /** Without expired rules. */
  readonly rules: readonly FileRule[];
  /** Sets that a rule names and whose lists were supplied. */
  readonly sets: ReadonlyMap<string, NamedSet>;
  /** Names of the sets that keep the list they have when the change is made. */
  readonly keptSets?: readonly string[];
  readonly protect: readonly string[];
}

/** Makes the node's own rules match the document, and keeps those of the fleet. See `applyTo`. */
export function applyDesired(
  ruleset: Ruleset,
  desired: Desired,
  at: Circumstances,
): { ruleset: Ruleset; diff: RulesDiff } {
  const before = { ...ownPart(ruleset), defaultPolicy: ownPolicy(ruleset) };
  const { ruleset: after, diff } = applyTo(before, desired, at);
  return after === before ? { ruleset, diff } : { ruleset: withFleetPart(after, ruleset), diff };
}

/**
 * Makes the rules match the document. An existing rule with the action and match of a desired one keeps its id and
 * counters, and gets its reason and expiry. Of the other desired rules, one with the id of an existing rule changes
 * that rule. Returns the same ruleset if nothing differs. Throws RulesRejection.
 */
export function applyTo(ruleset: Ruleset, desired: Desired, at: Circumstances): { ruleset: Ruleset; diff: RulesDiff } {
  const pairs = pairUp(ruleset.rules, desired.rules);
  const paired = new Set(pairs.values());
  const diff: RulesDiff = { added: [], removed: [], changed: [], sets: [] };
  const kept = ruleset.rules.flatMap((rule) => {
    const desiredRule = pairs.get(rule);
    if (desiredRule === undefined) {
      // An expired rule is not removed by this change.
      if (!isExpired(rule, at.nowMs)) diff.removed.push(rule);
      return [];
    }
    const after = withDesired(rule, desiredRule);
    if (after !== rule) diff.changed.push({ before: rule, after });
    return [after];
  });
  const sets = new Map([...desired.sets].map(([name, set]) => [name, sameSet(ruleset.sets.get(name), set)]));
  for (const name of desired.keptSets ?? []) sets.set(name, requireKept(ruleset, name));
  let { nextId } = ruleset;
  for (const [index, desiredRule] of desired.rules.entries()) {
    if (paired.has(desiredRule)) continue;
    const { id: _, created_by, created_at, ...rest } = desiredRule;
    const created = { created_by: at.createdBy, created_at: new Date(at.nowMs).toISOString() };
    const rule: Rule = { ...rest, id: nextId++, ...created };
    requireAddable({ ...ruleset, sets }, rule, at.nowMs, `document.rules.${index}`);
    diff.added.push(rule);
  }
  for (const [name, set] of sets) {
    const before = ruleset.sets.get(name);
    if (before !== set) diff.sets.push({ ...(before && { before: describeSet(before) }), after: describeSet(set) });
  }
  for (const [name, set] of ruleset.sets) if (!sets.has(name)) diff.sets.push({ before: describeSet(set) });
  if (desired.defaultPolicy !== ruleset.defaultPolicy) {
    diff.default_policy = { before: ruleset.defaultPolicy, after: desired.defaultPolicy };
  }
  if (JSON.stringify([...desired.protect].sort()) !== JSON.stringify([...ruleset.protect].sort())) {
    diff.protect = { before: [...ruleset.protect], after: [...desired.protect] };
  }
  if (isEmpty(diff)) return { ruleset, diff };
  const { defaultPolicy, protect } = desired;
  return { ruleset: { defaultPolicy, rules: [...kept, ...diff.added], sets, protect, nextId }, diff };
}

export function isEmpty({ added, removed, changed, sets, default_policy, protect }: RulesDiff): boolean {
  return [added, removed, changed, sets].every(({ length }) => length === 0) && !default_policy && !protect;
}

/** Returns the names of the sets that rules name. */
export function namedSets(rules: readonly Pick<Rule, 'source'>[]): Set<string> {
  return new Set(rules.flatMap((rule) => setOf(rule) ?? []));
}

/**
 * Pairs existing rules with desired ones: those that are fully equal first, then by action and match, then by id.
 * Duplicates are paired one by one, so that a file that the loader wrote changes nothing.
 */
function pairUp(rules: readonly Rule[], desired: readonly FileRule[]): Map<Rule, FileRule> {
  const pairs = new Map<Rule, FileRule>();
  let unpaired = desired;
  for (const keyOf of [ruleKey, matchKey, ({ id }: Pick<FileRule, 'id'>) => id]) {
    const free = new Map<string | number | undefined, Rule[]>();
    for (const rule of rules) {
      if (pairs.has(rule)) continue;
      const others = free.get(keyOf(rule));
      if (others) others.push(rule);
      else free.set(keyOf(rule), [rule]);
    }
    unpaired = unpaired.filter((desiredRule) => {
      const rule = free.get(keyOf(desiredRule))?.shift();
      if (rule) pairs.set(rule, desiredRule);
      return rule === undefined;
    });
  }
  return pairs;
}

/** Returns the same key for rules that are equal, apart from their ids and creators. */
export function ruleKey(rule: FileRule): string {
  return JSON.stringify([matchKey(rule), rule.reason, timeOf(rule.expires_at), numbersOf(rule), rule.group]);
}

function withDesired(rule: Rule, { created_by: _by, created_at: _at, ...desired }: FileRule): Rule {
  const { id, created_by, created_at } = rule;
  const isSame = ruleKey(rule) === ruleKey(desired);
  return isSame ? rule : { ...desired, id, created_by, created_at };
}

const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

function requireKept(ruleset: Ruleset, name: string): NamedSet {
  const known = ruleset.sets.get(name);
  if (known !== undefined) return known;
  throw invalid(
    `document.sets.${name}: it has neither file nor entries, and no list of this name is stored. Give one of them, or ` +
      `import the list first: packetlog rules import FILE --set ${name}.`,
    `document.sets.${name}`,
  );
}

/** Returns the existing set if it has the same origin and content. */
function sameSet(known: NamedSet | undefined, set: NamedSet): NamedSet {
  if (known === undefined || known === set) return set;
  const isSame = JSON.stringify(known.origin) === JSON.stringify(set.origin) && sameList(known.list, set.list);
  return isSame ? known : set;
}

function sameList(one: AddressList, other: AddressList): boolean {
  return (
    sameWords(one.ipv4.starts, other.ipv4.starts) &&
    sameWords(one.ipv4.bits, other.ipv4.bits) &&
    sameWords(one.ipv6.words, other.ipv6.words) &&
    sameWords(one.ipv6.bits, other.ipv6.bits)
  );
}

function sameWords(one: Uint32Array | Uint8Array, other: Uint32Array | Uint8Array): boolean {
  return one.length === other.length && one.every((word, i) => word === other[i]);
}
