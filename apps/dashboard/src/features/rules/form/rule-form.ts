// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import {
  type LimitMeasure,
  type Rule,
  type RuleAction,
  type RuleChanges,
  type RuleDraft,
  ruleDraftSchema,
} from '@packetlog/common';
import { asSentence } from '../../../text/sentence.ts';
import {
  type ConditionForm,
  conditionChanges,
  conditionFormOf,
  conditionsOf,
  NO_CONDITIONS,
} from './condition-form.ts';

/** Content of the form's fields, valid or not. */
export interface RuleForm extends ConditionForm {
  readonly action: RuleAction;
  readonly source: string;
  readonly protocol: string;
  readonly port: string;
  readonly interface: string;
  /** Of limits: '20/min'. */
  readonly rate: string;
  /** Of limits. */
  readonly measure: LimitMeasure;
  readonly enforce: 'observe' | 'enforce';
  /** Of limits, '' for the usual value: 'source/24', '40', 'block:60s'. */
  readonly per: string;
  readonly burst: string;
  readonly then: string;
  readonly reason: string;
  /** A duration such as '1h', '' for no expiry, KEEP to keep the current expiry. */
  readonly lasts: string;
}

/** What components get that show some of the fields. */
export interface FieldsProps {
  readonly form: RuleForm;
  readonly set: (changes: Partial<RuleForm>) => void;
  /** What is wrong with a field, as a sentence; '' if nothing is. */
  readonly problemOf: (field: keyof RuleForm) => string;
}

/** What a form begins with. */
export type FilledFields = Partial<RuleForm>;

export const KEEP = 'keep';

export const EMPTY_FORM: RuleForm = {
  action: 'deny',
  source: '',
  protocol: '',
  port: '',
  interface: '',
  ...NO_CONDITIONS,
  rate: '',
  measure: 'packets',
  enforce: 'observe',
  per: '',
  burst: '',
  then: '',
  reason: '',
  lasts: '1h',
};

export type FormProblems = Partial<Record<keyof RuleForm, string>>;

export type ReadForm =
  | { readonly draft: RuleDraft; readonly problems: null }
  | { readonly draft: null; readonly problems: FormProblems };

const FIELD_OF: Readonly<Record<string, keyof RuleForm>> = {
  destination_port: 'port',
  for: 'lasts',
  expires_at: 'lasts',
};

/** Returns the rule draft that the fields describe, in canonical form, or the problems by field. */
export function readForm(form: RuleForm): ReadForm {
  const optional = (key: string, text: string) => (text.trim() === '' ? {} : { [key]: text.trim() });
  const read = ruleDraftSchema.safeParse({
    action: form.action,
    source: form.source.trim(),
    reason: form.reason.trim(),
    ...optional('protocol', form.protocol),
    ...optional('destination_port', form.port),
    ...optional('interface', form.interface),
    ...conditionsOf(form),
    ...(form.action === 'limit' && limitOf(form)),
    ...(form.lasts === KEEP ? {} : optional('for', form.lasts)),
  });
  if (read.success) return { draft: read.data, problems: null };
  const problems: FormProblems = {};
  for (const issue of read.error.issues) {
    const name = String(issue.path[0] ?? 'source');
    const field = FIELD_OF[name] ?? (name as keyof RuleForm);
    problems[field] ??= asSentence(issue.message);
  }
  if (problems.burst !== undefined && !isWhole(form.burst)) problems.burst = 'Enter a whole number from 1 on.';
  if (form.source.trim() === '') problems.source = 'Enter an address, a network, set:NAME, or any.';
  return { draft: null, problems };
}

/** Returns the numbers of a limit. */
function limitOf({ rate, measure, enforce, per, burst, then }: RuleForm) {
  const texts = Object.entries({ rate, per, then }).flatMap(([key, text]) =>
    text.trim() === '' ? [] : [[key, text.trim()]],
  );
  return {
    ...Object.fromEntries(texts),
    ...(burst.trim() !== '' && { burst: isWhole(burst) ? Number(burst) : burst }),
    ...(measure !== 'packets' && { measure }),
    ...(enforce === 'enforce' && { enforce: true }),
  };
}

export function formOf(rule: Rule): RuleForm {
  return {
    action: rule.action,
    source: rule.source,
    protocol: String(rule.protocol ?? ''),
    port: String(rule.destination_port ?? ''),
    interface: rule.interface ?? '',
    ...conditionFormOf(rule),
    rate: rule.rate ?? '',
    measure: rule.measure ?? 'packets',
    enforce: rule.enforce === true ? 'enforce' : 'observe',
    per: rule.per ?? '',
    burst: String(rule.burst ?? ''),
    then: rule.then ?? '',
    reason: rule.reason,
    lasts: rule.expires_at === undefined ? '' : KEEP,
  };
}

/** Returns the fields of a proposed rule; its expiry is that of other new rules. */
export function filledBy(draft: RuleDraft): FilledFields {
  const { action, source, protocol, destination_port, reason, rate, measure, per, burst, then } = draft;
  return {
    action,
    source,
    protocol: String(protocol ?? ''),
    port: String(destination_port ?? ''),
    ...conditionFormOf(draft),
    reason: reason ?? '',
    rate: rate ?? '',
    measure: measure ?? 'packets',
    per: per ?? '',
    burst: String(burst ?? ''),
    then: then ?? '',
  };
}

function limitChangesOf(rule: Rule, draft: RuleDraft): RuleChanges {
  const keys = ['rate', 'measure', 'enforce', 'per', 'burst', 'then'] as const;
  const changed = keys.filter((key) => draft[key] !== (rule[key] || undefined));
  return Object.fromEntries(changed.map((key) => [key, draft[key] ?? null]));
}

/** Returns the fields that `draft` changes in the rule; null if it changes none. */
export function changesOf(rule: Rule, form: RuleForm, draft: RuleDraft): RuleChanges | null {
  const changes: Record<string, unknown> = {};
  for (const key of ['action', 'source', 'reason'] as const) if (draft[key] !== rule[key]) changes[key] = draft[key];
  for (const key of ['protocol', 'destination_port', 'interface'] as const) {
    if (draft[key] !== rule[key]) changes[key] = draft[key] ?? null;
  }
  Object.assign(changes, conditionChanges(rule, draft));
  if (draft.action === 'limit') Object.assign(changes, limitChangesOf(rule, draft));
  if (form.lasts !== KEEP && draft.for !== undefined) changes['for'] = draft.for;
  if (form.lasts === '' && rule.expires_at !== undefined) changes['expires_at'] = null;
  return Object.keys(changes).length === 0 ? null : (changes as RuleChanges);
}

function isWhole(text: string): boolean {
  return /^[1-9]\d*$/.test(text.trim());
}
