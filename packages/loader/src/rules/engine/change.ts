/** A change of the rules: what it does, for which caller, and its outcome. */
import type { AuditEntry, CheckedRulesRequest } from '@packetlog/common';
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { applyDesired, type Desired } from '../ruleset/apply.ts';
import type { Step } from '../ruleset/change-history.ts';
import {
  addRule,
  addRules,
  type Circumstances,
  editRule,
  importSet,
  refreshSet,
  removeExpired,
  removeRules,
  restore,
  setPolicy,
} from '../ruleset/changes.ts';
import { describeSet } from '../ruleset/describe-set.ts';
import type { GenerationId } from '../ruleset/pending.ts';
import { hasSameOrigin, type NamedSet, type Ruleset, setOf } from '../ruleset/ruleset.ts';

export const LOADER: CallerIdentity = { name: 'packetlog', via: 'loader' };
export const FILE: CallerIdentity = { name: 'file', via: 'file' };

type AuditState = NonNullable<AuditEntry['before']>;

export interface Outcome<Value> {
  readonly ruleset: Ruleset;
  /** The value for the answer. */
  readonly value: Value;
  readonly before?: AuditState;
  readonly after?: AuditState;
}

export interface Change<Value> {
  readonly what: AuditEntry['what'];
  readonly who: CallerIdentity;
  readonly why: string;
  /** Describes what undo would undo; default: derived from the outcome. */
  readonly description?: string;
  /** Makes the change even if it locks out a protected address. */
  readonly force: boolean;
  /** Enforces limits that were not tried. */
  readonly now?: boolean | undefined;
  /** Not requested by a person who could confirm it: rejected if it is risky. */
  readonly isUnattended: boolean;
  /** Skips guard and risk: a rule expired, or this content was accepted before. */
  readonly isAccepted: boolean;
  /** The generation of the fleet that this change puts in force. */
  readonly generation?: GenerationId;
  /** Name of the set that may be empty. */
  readonly mayBeEmpty?: string | undefined;
  /** Returns the same outcome each time it is called with the same arguments. Throws RulesRejection. */
  readonly apply: (ruleset: Ruleset, circumstances: Circumstances) => Outcome<Value>;
  /**
   * Updates the history when the change is confirmed; absent: the change becomes a step that can be undone. `before`:
   * the rules before the change.
   */
  readonly remember?: (before: Ruleset, revision: number) => void;
}

type Requested = Pick<Change<unknown>, 'who' | 'force' | 'now'>;
type Request<Verb extends 'add' | 'add_many' | 'edit' | 'remove' | 'policy' | 'import'> = CheckedRulesRequest<Verb>;

export function adding({ rule: draft, force = false, now }: Request<'add'>, caller: CallerIdentity) {
  return change('add', { who: caller, force, now }, draft.reason, (ruleset, circumstances) => {
    const { ruleset: after, rule, was } = addRule(ruleset, draft, circumstances);
    return {
      ruleset: after,
      value: was === undefined ? { rule } : { rule, was },
      ...(was === undefined ? {} : { before: { rules: [was] } }),
      after: { rules: [rule] },
    };
  });
}

/** Adds all rules in one change, or none. */
export function addingMany({ rules: drafts, force = false, now }: Request<'add_many'>, caller: CallerIdentity) {
  const [first] = drafts;
  const why = drafts.every(({ reason }) => reason === first?.reason) ? (first?.reason ?? '') : '';
  return change('add', { who: caller, force, now }, why, (ruleset, circumstances) => {
    const { ruleset: after, rules } = addRules(ruleset, drafts, circumstances);
    const before = rules.flatMap(({ was }) => was ?? []);
    return {
      ruleset: after,
      value: { rules: [...rules] },
      ...(before.length === 0 ? {} : { before: { rules: before } }),
      after: { rules: rules.map(({ rule }) => rule) },
    };
  });
}

export function editing({ id, changes, force = false, now }: Request<'edit'>, caller: CallerIdentity) {
  return change('edit', { who: caller, force, now }, changes.reason ?? '', (ruleset, circumstances) => {
    const { ruleset: after, before, rule } = editRule(ruleset, id, changes, circumstances);
    return { ruleset: after, value: { rule }, before: { rules: [before] }, after: { rules: [rule] } };
  });
}

export function removing({ force = false, ...selection }: Request<'remove'>, caller: CallerIdentity) {
  return change('remove', { who: caller, force }, '', (ruleset) => {
    const { ruleset: after, removed } = removeRules(ruleset, selection);
    const sets = [...ruleset.sets.values()].filter(({ name }) => !after.sets.has(name)).map(describeSet);
    const before = sets.length === 0 ? { rules: removed } : { rules: removed, sets };
    return { ruleset: after, value: { removed }, before };
  });
}

/** Sets the default policy and adds the permit rules in one change. */
export function choosingPolicy(
  { default_policy, permits = [], force = false }: Request<'policy'>,
  caller: CallerIdentity,
) {
  return change('policy', { who: caller, force }, '', (ruleset, circumstances) => {
    const { ruleset: opened, rules } = addRules(ruleset, permits, circumstances, (index) => `permits.${index}`);
    const were = rules.flatMap(({ was }) => was ?? []);
    return {
      ruleset: setPolicy(opened, default_policy),
      value: { default_policy, ...(rules.length > 0 && { rules: [...rules] }) },
      before: { default_policy: ruleset.defaultPolicy, ...(were.length > 0 && { rules: were }) },
      after: { default_policy, ...(rules.length > 0 && { rules: rules.map(({ rule }) => rule) }) },
    };
  });
}

/** `set`: what was read from the request's entries. */
export function importing(
  {
    action,
    reason,
    force = false,
    allow_empty = false,
  }: Pick<Request<'import'>, 'action' | 'reason' | 'force' | 'allow_empty'>,
  set: NamedSet,
  caller: CallerIdentity,
) {
  const replace = change('import', { who: caller, force }, reason, (ruleset, circumstances) => {
    const { ruleset: after, rule } = importSet(ruleset, set, action, reason, circumstances);
    return {
      ruleset: after,
      value: { rule, set: describeSet(set) },
      ...setStates(ruleset, set),
      after: { rules: [rule], sets: [describeSet(set)] },
    };
  });
  return { ...replace, ...(allow_empty && { mayBeEmpty: set.name }) };
}

/** Makes the rules match a document. */
export function applying(
  desired: Desired,
  { force = false, now }: { force?: boolean | undefined; now?: boolean | undefined },
  caller: CallerIdentity,
) {
  const apply = change('apply', { who: caller, force, now }, '', (ruleset, circumstances) => {
    const { ruleset: after, diff } = applyDesired(ruleset, desired, circumstances);
    return { ruleset: after, value: { changed: after !== ruleset, diff }, ...difference(ruleset, after) };
  });
  return { ...apply, description: 'apply: a rules file' };
}

/** Replaces the list of a set whose file has changed. */
export function refreshing(set: NamedSet, caller: CallerIdentity): Change<undefined> {
  const path = set.origin.kind === 'file' ? set.origin.path : 'the rules file';
  return {
    ...change('import', { who: caller, force: false }, `${path} has changed`, (ruleset) => {
      // While the file was read, the set may have been removed, or imported from elsewhere.
      const isFollowed = hasSameOrigin(ruleset.sets.get(set.name), set);
      if (!isFollowed || !ruleset.rules.some((rule) => setOf(rule) === set.name)) return { ruleset, value: undefined };
      return {
        ruleset: refreshSet(ruleset, set),
        value: undefined,
        ...setStates(ruleset, set),
        after: { sets: [describeSet(set)] },
      };
    }),
    isUnattended: true,
  };
}

export function expiring(caller: CallerIdentity): Change<undefined> {
  const expire = change('expire', { who: caller, force: false }, '', (ruleset, { nowMs }) => {
    const { ruleset: after, removed } = removeExpired(ruleset, nowMs);
    return { ruleset: after, value: undefined, before: { rules: removed } };
  });
  return { ...expire, isUnattended: true, isAccepted: true };
}

/**
 * Undoes or redoes a step. `stepNow` returns the step when the change is made, or throws if it is no longer the
 * expected one.
 */
export function stepping(
  description: string,
  stepNow: () => Step,
  remember: NonNullable<Change<unknown>['remember']>,
  caller: CallerIdentity,
): Change<string> {
  const step = change('undo', { who: caller, force: false }, description, (ruleset, { nowMs }) => {
    const { back, what } = stepNow();
    return { ruleset: restore(back, ruleset, nowMs), value: what, ...difference(ruleset, back) };
  });
  return { ...step, description, remember };
}

/** Replaces all rules with those of the file. `isAccepted`: this content was in force before. */
export function reloading(loaded: Ruleset, why: string, caller: CallerIdentity, isAccepted = false): Change<undefined> {
  const load = change('load', { who: caller, force: false }, why, (ruleset, { nowMs }) => ({
    ruleset: restore(loaded, ruleset, nowMs),
    value: undefined,
    ...difference(ruleset, loaded),
  }));
  return { ...load, isAccepted };
}

function change<Value>(
  what: Change<Value>['what'],
  requested: Requested,
  why: string,
  apply: Change<Value>['apply'],
): Change<Value> {
  return { what, ...requested, why, isUnattended: false, isAccepted: false, apply };
}

function setStates(ruleset: Ruleset, { name }: NamedSet): { before?: AuditState } {
  const known = ruleset.sets.get(name);
  return known === undefined ? {} : { before: { sets: [describeSet(known)] } };
}

/** Returns only what differs between the two rulesets. */
export function difference(from: Ruleset, to: Ruleset): { before: AuditState; after: AuditState } {
  const only = (one: Ruleset, other: Ruleset): AuditState => {
    const theirs = new Set(other.rules.map((rule) => JSON.stringify(rule)));
    const rules = one.rules.filter((rule) => !theirs.has(JSON.stringify(rule)));
    const sets = [...one.sets.values()].filter((set) => other.sets.get(set.name) !== set).map(describeSet);
    return {
      ...(rules.length === 0 ? {} : { rules }),
      ...(sets.length === 0 ? {} : { sets }),
      ...(one.defaultPolicy === other.defaultPolicy ? {} : { default_policy: one.defaultPolicy }),
    };
  };
  return { before: only(from, to), after: only(to, from) };
}
