/**
 * Requests that list and change rules: the same names and bodies as socket.io events (`rules:add`) and as
 * `POST /rules/add` on the loader's Unix socket.
 */
import * as z from 'zod/mini';
import type { PermitProposals } from './permit-proposals.ts';
import {
  type DefaultPolicy,
  defaultPolicySchema,
  importActionSchema,
  type Rule,
  reasonSchema,
  ruleChangesSchema,
  ruleDraftSchema,
  ruleIdSchema,
  ruleSelectorSchema,
  setNameSchema,
} from './rule.ts';
import { MAX_DRY_RUN_SECONDS, MAX_RULES_AT_ONCE } from './rule-limits.ts';
import { rulesFileSchema } from './rules-file.ts';
import {
  type AuditEntry,
  type DryRunReport,
  type PendingChange,
  protectedAddressSchema,
  type RuleSet,
  type RulesSnapshot,
} from './snapshot.ts';

const count = z.int().check(z.nonnegative());
/** Apply the change even if the lockout guard finds a protected address locked out. */
const force = z.optional(z.boolean());
/** Enforce a limit that was not tried: that neither observed for a minute nor had a dry run. */
const now = z.optional(z.boolean());
const nothing = z.strictObject({});
const ofStep = z.strictObject({ change: z.optional(z.int().check(z.nonnegative())) });

const permitDraftSchema = ruleDraftSchema.check(
  z.refine(({ action }) => action === 'permit', { path: ['action'], error: 'Write permit: other rules need `add`.' }),
);

const seconds = z._default(z.number().check(z.positive(), z.maximum(MAX_DRY_RUN_SECONDS)), 10);

/** The rules that a dry run evaluates. */
export const dryRunShape = {
  rules: z.optional(z.array(ruleDraftSchema)),
  add: z.optional(ruleDraftSchema),
  default_policy: z.optional(defaultPolicySchema),
  /** Contents of sets that the rules name and the loader does not have. */
  sets: z.optional(z.record(setNameSchema, z.string())),
};

interface DryRunRules {
  readonly rules?: unknown;
  readonly add?: unknown;
  readonly default_policy?: unknown;
}

export const DRY_RUN_CHECKS = [
  z.refine<DryRunRules>(({ rules, add }) => rules === undefined || add === undefined, {
    error: 'Give either `rules` or `add`.',
  }),
  z.refine<DryRunRules>(({ rules, add, default_policy }) => (rules ?? add ?? default_policy) !== undefined, {
    error: 'Give `rules`, `add` or `default_policy`.',
  }),
] as const;

/** One schema per request; the key is the name after `rules:`. */
export const rulesRequestSchemas = {
  list: nothing,
  add: z.strictObject({ rule: ruleDraftSchema, force, now }),
  edit: z.strictObject({ id: ruleIdSchema, changes: ruleChangesSchema, force, now }),
  /** Adds all of them, or none, with an error whose `field` names the invalid one: `rules.3.source`. */
  add_many: z.strictObject({
    rules: z.array(ruleDraftSchema).check(z.minLength(1), z.maxLength(MAX_RULES_AT_ONCE)),
    force,
    now,
  }),
  /** Removes by id, or by what a rule matches. If one does not exist, nothing changes. */
  remove: z
    .strictObject({
      ids: z.optional(z.array(ruleIdSchema).check(z.maxLength(MAX_RULES_AT_ONCE))),
      matching: z.optional(z.array(ruleSelectorSchema).check(z.maxLength(MAX_RULES_AT_ONCE))),
      force,
    })
    .check(
      z.refine(({ ids = [], matching = [] }) => ids.length + matching.length > 0, {
        error: 'Give `ids` or `matching`: which rules to remove.',
      }),
    ),
  /** Sets the default policy and, in the same change, adds permit rules. */
  policy: z.strictObject({
    default_policy: defaultPolicySchema,
    permits: z.optional(z.array(permitDraftSchema).check(z.maxLength(MAX_RULES_AT_ONCE))),
    force,
  }),
  /** Asks for the permit rules that the default policy deny needs on this machine. Changes nothing. */
  propose_permits: nothing,
  /** Replaces the set, and adds a rule for it if there is none with this action. */
  import: z.strictObject({
    set: setNameSchema,
    /** The list as text: one network per line, comments; the format of `ipset save` works too. */
    entries: z.string(),
    action: z._default(importActionSchema, 'deny'),
    reason: z._default(reasonSchema, ''),
    /** Reload the set when this file on the loader's machine changes. */
    file: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
    /** Skip invalid lines; otherwise a single one means that nothing changes. */
    skip_bad: z.optional(z.boolean()),
    /** Accept a list without any network. By default it is rejected: it is usually a failed download. */
    allow_empty: z.optional(z.boolean()),
    force,
  }),
  /**
   * Makes rules, sets, default policy and protect list equal to a rules file: what the file does not name is removed.
   * Ids and creators of rules are not taken from it.
   */
  apply: z.strictObject({
    document: rulesFileSchema,
    /** Contents of the sets that name a file. */
    lists: z.optional(z.record(setNameSchema, z.string())),
    /** Change nothing, and report what would change. Lockout guard and limits still apply. */
    check: z.optional(z.boolean()),
    force,
    now,
  }),
  /** Dry run of `rules` (instead of those in force), `add` (in addition to them) or another default policy. */
  test: z.strictObject({ ...dryRunShape, seconds }).check(...DRY_RUN_CHECKS),
  confirm: nothing,
  revert: nothing,
  /** With `change`, the id of a step, undoes only that step: rejected if it is not the next one to undo. */
  undo: ofStep,
  /** Repeats the last undone change, unless something else was changed since. */
  redo: ofStep,
  audit: z.strictObject({ limit: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 100) }),
} as const;
export type RulesVerb = keyof typeof rulesRequestSchemas;
/** As sent. */
export type RulesRequest<Verb extends RulesVerb> = z.input<(typeof rulesRequestSchemas)[Verb]>;
/** As validated. */
export type CheckedRulesRequest<Verb extends RulesVerb> = z.output<(typeof rulesRequestSchemas)[Verb]>;

/** With `pending`: this change is risky, and reverts unless it is confirmed. */
interface Changed {
  revision: number;
  pending?: PendingChange | undefined;
  /**
   * A consequence of the change, as a sentence with the next step: a permit that expires and locks out its user, or
   * rules that are in force and could not be written.
   */
  warning?: string | undefined;
  /** Sentences about values that were read differently than written, and about rules that no packet can match. */
  notes?: string[];
}

/**
 * The difference between the current and the requested rules. Without `before` an entry is new, without `after` it is
 * removed.
 */
export interface RulesDiff {
  added: Rule[];
  removed: Rule[];
  changed: { before: Rule; after: Rule }[];
  sets: { before?: RuleSet; after?: RuleSet }[];
  default_policy?: { before: DefaultPolicy; after: DefaultPolicy };
  protect?: { before: string[]; after: string[] };
}

export interface BadLine {
  /** From 1; 0: the list as a whole. */
  line: number;
  text: string;
  problem: string;
}

export interface RulesResults {
  list: RulesSnapshot;
  /** With `was`: a rule with the same action and match existed. It was updated, and no second one was added. */
  add: Changed & { rule: Rule; was?: Rule };
  add_many: Changed & { rules: { rule: Rule; was?: Rule }[] };
  edit: Changed & { rule: Rule };
  remove: Changed & { removed: Rule[] };
  /** `rules`: those of `permits`; absent without them. */
  policy: Changed & { default_policy: DefaultPolicy; rules?: { rule: Rule; was?: Rule }[] };
  propose_permits: PermitProposals;
  import: Changed & { rule: Rule; set: RuleSet; bad_lines: BadLine[]; bad_line_count: number };
  /** With `check`, `changed` says whether it would change something. `risk`: why it would have to be confirmed. */
  apply: Changed & { changed: boolean; diff: RulesDiff; risk?: string };
  test: DryRunReport;
  confirm: Pick<Changed, 'revision' | 'warning'>;
  revert: { revision: number };
  undo: Changed & { undone: string };
  redo: Changed & { redone: string };
  audit: { entries: AuditEntry[] };
}

export const rulesErrorSchema = z.object({
  /**
   * `forbidden`: the connection has no admin token. `lockout`: it would lock out `protected`; `force` overrides.
   * `untried`: it would enforce a limit that was not tried; `now` overrides.
   * `limit`: more than the kernel's tables hold. `unavailable`: this loader enforces no rules.
   */
  code: z.enum(['forbidden', 'invalid', 'not_found', 'lockout', 'untried', 'limit', 'internal', 'unavailable']),
  /** A sentence that ends with the next step. */
  message: z.string(),
  /** The invalid part of the request, such as `rule.source`. */
  field: z.optional(z.string()),
  protected: z.optional(protectedAddressSchema),
  /** For `limit`: the maximum number. */
  limit: z.optional(count),
  /** When the same request may be accepted; absent: a repetition would be rejected as well. */
  retry_after_ms: z.optional(count),
});
export type RulesError = z.infer<typeof rulesErrorSchema>;

export type RulesAnswer<Verb extends RulesVerb> =
  | { ok: true; value: RulesResults[Verb] }
  | { ok: false; error: RulesError };

/** The events `rules:list`, `rules:add`, …; all but `list`, `test`, `audit` and `propose_permits` need the admin token. */
export type RulesEvents = {
  [Verb in RulesVerb as `rules:${Verb}`]: (
    request: RulesRequest<Verb>,
    acknowledge: (answer: RulesAnswer<Verb>) => void,
  ) => void;
};

/** Returns the first problem of a request, as an error to send back. */
export function invalidRequest(error: z.core.$ZodError): RulesError {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  const problem = issue?.message ?? 'It cannot be read.';
  return field === ''
    ? { code: 'invalid', message: problem }
    : { code: 'invalid', message: `${field}: ${problem}`, field };
}
