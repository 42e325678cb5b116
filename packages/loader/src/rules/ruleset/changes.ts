// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/**
 * Implements the changes of rules. Each function returns the new ruleset, or throws RulesRejection if the change cannot
 * be made.
 */
import {
  type CheckedRuleChanges,
  type CheckedRuleDraft,
  type CheckedRuleSelector,
  type DefaultPolicy,
  FIRST_BAN_RULE_ID,
  PACKET_CONDITION_FIELDS,
  type PacketCondition,
  packetCondition,
  parseDuration,
  type Rule,
  type RuleAction,
  ruleSchema,
} from '@packetlog/common';
import { isFleetSet } from '@packetlog/common/fleet';
import { isFleetRule, ownPolicy } from './fleet-part.ts';
import { invalid, notFound, RulesRejection } from './rejection.ts';
import { isExpired, type NamedSet, type Ruleset, setOf } from './ruleset.ts';

/** The inputs of a change besides the rules and the request. */
export interface Circumstances {
  readonly nowMs: number;
  readonly createdBy: string;
}

export interface Added {
  readonly ruleset: Ruleset;
  readonly rule: Rule;
  /**
   * The earlier rule, if one with the same action and match was updated; the ruleset is the same if nothing differs.
   */
  readonly was?: Rule;
}

export interface AddedRules {
  readonly ruleset: Ruleset;
  readonly rules: readonly Omit<Added, 'ruleset'>[];
}

export function addRule(ruleset: Ruleset, draft: CheckedRuleDraft, circumstances: Circumstances): Added {
  const { ruleset: after, rules } = addRules(ruleset, [draft], circumstances, () => 'rule');
  return { ruleset: after, ...(rules[0] as Omit<Added, 'ruleset'>) };
}

/**
 * Adds all rules, or none. A draft that equals a rule in action and match updates it instead of adding a second one:
 * the later expiry applies, as it would with two rules, and a new reason replaces the earlier one. Rules of the fleet are
 * not updated: the next generation would take the draft away.
 */
export function addRules(
  ruleset: Ruleset,
  drafts: readonly CheckedRuleDraft[],
  { nowMs, createdBy }: Circumstances,
  fieldOf: (index: number) => string = (index) => `rules.${index}`,
): AddedRules {
  const rules = [...ruleset.rules];
  const indexes = new Map<string, number>();
  // A file may contain equal rules: update the first of them.
  for (let index = rules.length - 1; index >= 0; index--) {
    const rule = rules[index] as Rule;
    if (!isFleetRule(rule)) indexes.set(matchKey(rule), index);
  }
  let { nextId } = ruleset;
  let isChanged = false;
  const added = drafts.map((draft, draftIndex): Omit<Added, 'ruleset'> => {
    const { for: duration, expires_at, ...match } = draft;
    const ends = endOf(duration, expires_at, nowMs);
    const rule: Rule = {
      id: nextId,
      ...match,
      created_by: createdBy,
      created_at: new Date(nowMs).toISOString(),
      ...(ends === undefined ? {} : { expires_at: ends }),
    };
    requireAddable(ruleset, rule, nowMs, fieldOf(draftIndex));
    const index = indexes.get(matchKey(rule));
    const was = index === undefined ? undefined : rules[index];
    if (index !== undefined && was !== undefined && !isExpired(was, nowMs)) {
      const updated = extended(was, rule);
      isChanged ||= updated !== was;
      rules[index] = updated;
      return { rule: updated, was };
    }
    isChanged = true;
    nextId++;
    indexes.set(matchKey(rule), rules.push(rule) - 1);
    return { rule };
  });
  return { ruleset: isChanged ? { ...ruleset, rules, nextId } : ruleset, rules: added };
}

type RuleMatch = PacketCondition &
  Pick<Rule, 'action' | 'source' | 'protocol' | 'destination_port' | 'interface' | 'measure' | 'per'>;

/** Returns the same key for rules with the same action and match; limits must also measure the same of the same bucket. */
export function matchKey(rule: RuleMatch): string {
  const { action, source, protocol, destination_port, interface: name, measure = 'packets', per = 'source' } = rule;
  return JSON.stringify([
    action,
    source,
    protocol,
    destination_port,
    name,
    packetCondition(rule),
    ...(action === 'limit' ? [measure, per] : []),
  ]);
}

const NUMBERS = ['rate', 'measure', 'burst', 'per', 'then', 'enforce'] as const;

/** Returns the numbers of a limit, with undefined for those that it does not have; nothing for other rules. */
export function numbersOf({
  action,
  rate,
  burst,
  then,
  enforce,
}: Pick<Rule, 'action' | 'rate' | 'burst' | 'then' | 'enforce'>) {
  return action === 'limit' ? { rate, burst, then, enforce: enforce === true } : {};
}

function extended(before: Rule, rule: Rule): Rule {
  const { reason, expires_at } = rule;
  const was = withNumbers(before, rule);
  const ends = [was.expires_at, expires_at];
  const later = ends.includes(undefined)
    ? undefined
    : ends.sort((a, b) => Date.parse(a ?? '') - Date.parse(b ?? ''))[1];
  const newReason = reason === '' ? was.reason : reason;
  if (later === was.expires_at && newReason === was.reason) return was;
  const { expires_at: _, ...rest } = was;
  return { ...rest, reason: newReason, ...(later === undefined ? {} : { expires_at: later }) };
}

/** Gives a limit the numbers of a new one. A limit that is enforced stays so: only an edit ends that. */
function withNumbers(was: Rule, rule: Rule): Rule {
  if (rule.action !== 'limit') return was;
  const numbers = { ...numbersOf(rule), enforce: was.enforce === true || rule.enforce === true };
  if (JSON.stringify(numbers) === JSON.stringify(numbersOf(was))) return was;
  const { rate: _rate, burst: _burst, then: _then, enforce: _enforce, ...rest } = was;
  const { enforce, ...others } = numbers;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  return { ...rest, ...given, ...(enforce && { enforce }) };
}

/** Changes a rule, which keeps its id and therefore its counters. */
export function editRule(
  ruleset: Ruleset,
  id: number,
  changes: CheckedRuleChanges,
  { nowMs }: Circumstances,
): { ruleset: Ruleset; before: Rule; rule: Rule } {
  const before = ruleOf(ruleset, id);
  const { for: duration, expires_at, ...rest } = changes;
  const merged: Record<string, unknown> = { ...before, ...rest };
  // A rule that is no limit any more loses the numbers of one.
  if (merged['action'] !== 'limit') for (const key of NUMBERS) if (rest[key] === undefined) delete merged[key];
  if (expires_at === null) delete merged['expires_at'];
  const ends = endOf(duration, expires_at ?? undefined, nowMs);
  if (ends !== undefined) merged['expires_at'] = ends;
  for (const [key, value] of Object.entries(merged)) if (value === null || value === undefined) delete merged[key];
  const parsed = ruleSchema.safeParse(merged);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`changes.${issue?.path.join('.')}: ${issue?.message}`, `changes.${issue?.path.join('.')}`);
  }
  const rule = parsed.data;
  requireOwnSet(rule, 'changes');
  requireSet(ruleset, rule);
  const rules = ruleset.rules.map((each) => (each.id === id ? rule : each));
  return { ruleset: withoutUnusedSets({ ...ruleset, rules }), before, rule };
}

/**
 * Removes rules by id and by selector. Each id and each selector must match at least one rule. If a selector by group
 * removes the last rules of the fleet, the node's own default policy counts again.
 */
export function removeRules(
  ruleset: Ruleset,
  {
    ids = [],
    matching = [],
  }: { ids?: readonly number[] | undefined; matching?: readonly CheckedRuleSelector[] | undefined },
): { ruleset: Ruleset; removed: Rule[] } {
  const removed = new Set(ids.map((id) => ruleOf(ruleset, id)));
  const bySource = new Map<string, Rule[]>();
  for (const rule of matching.length === 0 ? [] : ruleset.rules) {
    const others = bySource.get(rule.source);
    if (others) others.push(rule);
    else bySource.set(rule.source, [rule]);
  }
  matching.forEach((selector, index) => {
    const candidates = selector.source === undefined ? ruleset.rules : (bySource.get(selector.source) ?? []);
    const selected = candidates.filter((rule) => isSelected(rule, selector));
    if (selected.length === 0) throw noneMatches(selector, index);
    for (const rule of selected) removed.add(rule);
  });
  const rules = ruleset.rules.filter((rule) => !removed.has(rule));
  const isWithoutFleet = matching.some(({ group }) => group !== undefined) && !rules.some(isFleetRule);
  const rest = isWithoutFleet ? withoutFleetPolicy(ruleset) : ruleset;
  return { ruleset: withoutUnusedSets({ ...rest, rules }), removed: [...removed] };
}

function withoutFleetPolicy(ruleset: Ruleset): Ruleset {
  const { ownPolicy: _, ...rest } = ruleset;
  return { ...rest, defaultPolicy: ownPolicy(ruleset) };
}

function isSelected(
  rule: Rule,
  { action, protocol, destination_port, interface: name, reason, group, ...selector }: CheckedRuleSelector,
): boolean {
  return (
    (reason === undefined || reason === rule.reason) &&
    (group === undefined || group === rule.group) &&
    (action === undefined || action === rule.action) &&
    (protocol === undefined || protocol === rule.protocol) &&
    (destination_port === undefined || destination_port === rule.destination_port) &&
    (name === undefined || name === rule.interface) &&
    PACKET_CONDITION_FIELDS.every((field) => selector[field] === undefined || selector[field] === rule[field])
  );
}

function noneMatches(selector: CheckedRuleSelector, index: number): RulesRejection {
  const { source, reason, group } = selector;
  const conditions = Object.keys(selector).length > 1 ? ' and these conditions' : '';
  const what =
    source !== undefined
      ? `source ${source}`
      : reason !== undefined
        ? `reason ${JSON.stringify(reason)}`
        : `group ${group}`;
  return new RulesRejection({
    code: 'not_found',
    message: `There is no rule with ${what}${conditions}. List the rules with: packetlog rules list.`,
    field: `matching.${index}`,
  });
}

/** Sets the node's own default policy. It counts at once, even if a generation of the fleet sets another. */
export function setPolicy(ruleset: Ruleset, defaultPolicy: DefaultPolicy): Ruleset {
  return { ...ruleset, defaultPolicy, ...(ruleset.ownPolicy !== undefined && { ownPolicy: defaultPolicy }) };
}

/** Replaces the set, and adds a rule for it if no rule with this action uses it. */
export function importSet(
  ruleset: Ruleset,
  set: NamedSet,
  action: RuleAction,
  reason: string,
  circumstances: Circumstances,
): Added {
  const sets = new Map(ruleset.sets).set(set.name, set);
  const source = `set:${set.name}`;
  if (isFleetSet(set.name)) throw fleetSet('set');
  const rule = ruleset.rules.find((each) => each.source === source && each.action === action);
  if (rule === undefined) return addRule({ ...ruleset, sets }, { action, source, reason }, circumstances);
  const same = reason === '' || rule.reason === reason;
  if (same) return { ruleset: { ...ruleset, sets }, rule };
  return editRule({ ...ruleset, sets }, rule.id, { reason }, circumstances);
}

/** Replaces the content of the set; the rules stay as they are. */
export function refreshSet(ruleset: Ruleset, set: NamedSet): Ruleset {
  return { ...ruleset, sets: new Map(ruleset.sets).set(set.name, set) };
}

/** Removes expired rules. */
export function removeExpired(ruleset: Ruleset, nowMs: number): { ruleset: Ruleset; removed: Rule[] } {
  const removed = ruleset.rules.filter((rule) => isExpired(rule, nowMs));
  if (removed.length === 0) return { ruleset, removed };
  return {
    ruleset: withoutUnusedSets({ ...ruleset, rules: ruleset.rules.filter((rule) => !removed.includes(rule)) }),
    removed,
  };
}

/** Restores `before`, without rules that have expired. Keeps the next id: ids are never reused. */
export function restore(before: Ruleset, now: Ruleset, nowMs: number): Ruleset {
  return { ...removeExpired(before, nowMs).ruleset, nextId: Math.max(before.nextId, now.nextId) };
}

/** Throws RulesRejection if the rule cannot be added. */
export function requireAddable(ruleset: Ruleset, rule: Rule, nowMs: number, field: string): void {
  if (rule.id >= FIRST_BAN_RULE_ID) {
    const limit = FIRST_BAN_RULE_ID - 1;
    const message = `All ${limit} rule ids are used. Write a new rules file with ids from 1.`;
    throw new RulesRejection({ code: 'limit', message, limit });
  }
  if (isExpired(rule, nowMs)) {
    throw invalid(`${field}.expires_at: is in the past. Give a later time.`, `${field}.expires_at`);
  }
  requireOwnSet(rule, field);
  requireSet(ruleset, rule, field);
}

function ruleOf(ruleset: Ruleset, id: number): Rule {
  const rule = ruleset.rules.find((each) => each.id === id);
  if (rule === undefined) throw notFound(`There is no rule ${id}. List the rules with: packetlog rules list.`);
  return rule;
}

function requireSet(ruleset: Ruleset, rule: Rule, field = 'rule'): void {
  const name = setOf(rule);
  if (name === undefined || ruleset.sets.has(name)) return;
  throw invalid(
    `${field}.source: there is no set ${name}. Import one first: packetlog rules import FILE --set ${name}.`,
    `${field}.source`,
  );
}

/** Throws RulesRejection if a rule of this node names a set of the fleet, which the next generation may remove. */
function requireOwnSet(rule: Rule, field: string): void {
  if (isFleetRule(rule)) return;
  if (isFleetSet(setOf(rule) ?? '')) throw fleetSet(`${field}.source`);
}

function fleetSet(field: string): RulesRejection {
  return invalid(`${field}: names that begin with fleet. are those of the fleet’s lists. Choose another name.`, field);
}

/** Removes sets that no rule names. */
function withoutUnusedSets(ruleset: Ruleset): Ruleset {
  const used = new Set(ruleset.rules.map(setOf));
  const kept = [...ruleset.sets].filter(([name]) => used.has(name));
  return kept.length === ruleset.sets.size ? ruleset : { ...ruleset, sets: new Map(kept) };
}

function endOf(duration: string | undefined, expiresAt: string | undefined, nowMs: number): string | undefined {
  return duration === undefined ? expiresAt : new Date(nowMs + parseDuration(duration)).toISOString();
}
