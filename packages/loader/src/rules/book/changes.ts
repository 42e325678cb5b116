/** What can be done to the rules. Each gives the rules after it; what cannot be done is a RulesRefusal. */
import {
  type CheckedRuleChanges,
  type CheckedRuleDraft,
  type DefaultPolicy,
  MAX_RULE_ID,
  parseDuration,
  type Rule,
  type RuleAction,
  ruleSchema,
} from '@packetlog/common';
import { invalid, notFound, RulesRefusal } from '../refusal.ts';
import { isExpired, type NamedSet, type RuleBook, setOf } from './rule-book.ts';

/** What a change needs to know of the world. */
export interface Circumstances {
  readonly nowMs: number;
  readonly createdBy: string;
}

export interface Added {
  readonly book: RuleBook;
  readonly rule: Rule;
}

export function addRule(book: RuleBook, draft: CheckedRuleDraft, { nowMs, createdBy }: Circumstances): Added {
  const { for: duration, expires_at, ...match } = draft;
  const ends = endOf(duration, expires_at, nowMs);
  const rule: Rule = {
    id: book.nextId,
    ...match,
    created_by: createdBy,
    created_at: new Date(nowMs).toISOString(),
    ...(ends === undefined ? {} : { expires_at: ends }),
  };
  return { book: withRule(book, rule, nowMs), rule };
}

/** The rule keeps its id, and so its counters. */
export function editRule(
  book: RuleBook,
  id: number,
  changes: CheckedRuleChanges,
  { nowMs }: Circumstances,
): { book: RuleBook; before: Rule; rule: Rule } {
  const before = ruleOf(book, id);
  const { for: duration, expires_at, ...rest } = changes;
  const merged: Record<string, unknown> = { ...before, ...rest };
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
  requireSet(book, rule);
  const rules = book.rules.map((each) => (each.id === id ? rule : each));
  return { book: withoutUnusedSets({ ...book, rules }), before, rule };
}

export function removeRules(book: RuleBook, ids: readonly number[]): { book: RuleBook; removed: Rule[] } {
  const removed = [...new Set(ids)].map((id) => ruleOf(book, id));
  const gone = new Set(ids);
  const rules = book.rules.filter(({ id }) => !gone.has(id));
  return { book: withoutUnusedSets({ ...book, rules }), removed };
}

export function setPolicy(book: RuleBook, defaultPolicy: DefaultPolicy): RuleBook {
  return { ...book, defaultPolicy };
}

/** Replaces the set, and adds a rule about it if none has this action. */
export function importSet(
  book: RuleBook,
  set: NamedSet,
  action: RuleAction,
  reason: string,
  circumstances: Circumstances,
): Added {
  const sets = new Map(book.sets).set(set.name, set);
  const source = `set:${set.name}`;
  const rule = book.rules.find((each) => each.source === source && each.action === action);
  if (rule === undefined) return addRule({ ...book, sets }, { action, source, reason }, circumstances);
  const same = reason === '' || rule.reason === reason;
  if (same) return { book: { ...book, sets }, rule };
  return editRule({ ...book, sets }, rule.id, { reason }, circumstances);
}

/** The set's new content; the rules stay as they are. */
export function refreshSet(book: RuleBook, set: NamedSet): RuleBook {
  return { ...book, sets: new Map(book.sets).set(set.name, set) };
}

/** Without the rules that no longer exist. */
export function removeExpired(book: RuleBook, nowMs: number): { book: RuleBook; removed: Rule[] } {
  const removed = book.rules.filter((rule) => isExpired(rule, nowMs));
  if (removed.length === 0) return { book, removed };
  return {
    book: withoutUnusedSets({ ...book, rules: book.rules.filter((rule) => !removed.includes(rule)) }),
    removed,
  };
}

/** `before` again, but for what time has taken and for ids, which are never given twice. */
export function restore(before: RuleBook, now: RuleBook, nowMs: number): RuleBook {
  return { ...removeExpired(before, nowMs).book, protect: now.protect, nextId: Math.max(before.nextId, now.nextId) };
}

function withRule(book: RuleBook, rule: Rule, nowMs: number): RuleBook {
  if (rule.id > MAX_RULE_ID) {
    const message = `All ${MAX_RULE_ID} rule ids have been given. Write a new rules file, with ids from 1.`;
    throw new RulesRefusal({ code: 'limit', message, limit: MAX_RULE_ID });
  }
  if (isExpired(rule, nowMs)) throw invalid('rule.expires_at: is over already. Give a later time.', 'rule.expires_at');
  requireSet(book, rule);
  return { ...book, rules: [...book.rules, rule], nextId: rule.id + 1 };
}

function ruleOf(book: RuleBook, id: number): Rule {
  const rule = book.rules.find((each) => each.id === id);
  if (rule === undefined) throw notFound(`There is no rule ${id}. See which there are with: packetlog rules list.`);
  return rule;
}

function requireSet(book: RuleBook, rule: Rule): void {
  const name = setOf(rule);
  if (name === undefined || book.sets.has(name)) return;
  throw invalid(
    `rule.source: there is no set ${name}. Import one first: packetlog rules import FILE --set ${name}.`,
    'rule.source',
  );
}

/** A set that no rule names is not kept. */
function withoutUnusedSets(book: RuleBook): RuleBook {
  const used = new Set(book.rules.map(setOf));
  const kept = [...book.sets].filter(([name]) => used.has(name));
  return kept.length === book.sets.size ? book : { ...book, sets: new Map(kept) };
}

function endOf(duration: string | undefined, expiresAt: string | undefined, nowMs: number): string | undefined {
  return duration === undefined ? expiresAt : new Date(nowMs + parseDuration(duration)).toISOString();
}
