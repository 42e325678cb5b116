/**
 * How rules are asked for and changed: the same names and bodies as socket.io events (`rules:add`) and as
 * `POST /rules/add` on the loader's own Unix socket.
 */
import * as z from 'zod/mini';
import {
  type DefaultPolicy,
  defaultPolicySchema,
  type Rule,
  reasonSchema,
  ruleActionSchema,
  ruleChangesSchema,
  ruleDraftSchema,
  ruleIdSchema,
  ruleSelectorSchema,
  setNameSchema,
} from './rule.ts';
import { MAX_REHEARSAL_SECONDS, MAX_RULES_AT_ONCE } from './rule-limits.ts';
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
/** Do it even if somebody named by the lock-out guard would be shut out. */
const force = z.optional(z.boolean());
const nothing = z.strictObject({});
const ofStep = z.strictObject({ change: z.optional(z.int().check(z.nonnegative())) });

const seconds = z._default(z.number().check(z.positive(), z.maximum(MAX_REHEARSAL_SECONDS)), 10);

/** One schema per request; the key is the name behind `rules:`. */
export const rulesRequestSchemas = {
  list: nothing,
  add: z.strictObject({ rule: ruleDraftSchema, force }),
  edit: z.strictObject({ id: ruleIdSchema, changes: ruleChangesSchema, force }),
  /** All of them, or none and an error whose `field` says which: `rules.3.source`. */
  add_many: z.strictObject({
    rules: z.array(ruleDraftSchema).check(z.minLength(1), z.maxLength(MAX_RULES_AT_ONCE)),
    force,
  }),
  /** By id, and by what a rule matches. One that does not exist is enough to change nothing. */
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
  policy: z.strictObject({ default_policy: defaultPolicySchema, force }),
  /** Replaces the set, and adds a rule about it if there is none with this action. */
  import: z.strictObject({
    set: setNameSchema,
    /** The list as text: a network a line, comments, also as `ipset save` writes it. */
    entries: z.string(),
    action: z._default(ruleActionSchema, 'deny'),
    reason: z._default(reasonSchema, ''),
    /** Read it again from this file of the loader's machine when it changes. */
    file: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
    /** Leave out lines that cannot be read; else one of them is enough to change nothing. */
    skip_bad: z.optional(z.boolean()),
    /** Accept a list without any network. Otherwise it is rejected: it is more often a failed download than meant. */
    allow_empty: z.optional(z.boolean()),
    force,
  }),
  /**
   * Makes the rules what a rules file says, without what it says already: rules, sets, default policy and protect list.
   * Ids and who made a rule are not taken from it.
   */
  apply: z.strictObject({
    document: rulesFileSchema,
    /** Contents of the sets that name a file. */
    lists: z.optional(z.record(setNameSchema, z.string())),
    /** Change nothing, and say what would be changed. Guard and limits are asked all the same. */
    check: z.optional(z.boolean()),
    force,
  }),
  /** What `rules` (instead of those in force), `add` (besides them) or another default policy would do. */
  test: z
    .strictObject({
      rules: z.optional(z.array(ruleDraftSchema)),
      add: z.optional(ruleDraftSchema),
      default_policy: z.optional(defaultPolicySchema),
      /** Texts of sets that the rules name and the loader does not have. */
      sets: z.optional(z.record(setNameSchema, z.string())),
      seconds,
    })
    .check(
      z.refine(({ rules, add }) => rules === undefined || add === undefined, {
        error: 'Give either `rules` or `add`.',
      }),
      z.refine(({ rules, add, default_policy }) => (rules ?? add ?? default_policy) !== undefined, {
        error: 'Give `rules`, `add` or `default_policy`.',
      }),
    ),
  confirm: nothing,
  revert: nothing,
  /** With `change`, the id of a step: only if it is the one that would be undone. */
  undo: ofStep,
  /** Does again what was undone last, as long as nothing else was changed since. */
  redo: ofStep,
  audit: z.strictObject({ limit: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 100) }),
} as const;
export type RulesVerb = keyof typeof rulesRequestSchemas;
/** As it is sent. */
export type RulesRequest<Verb extends RulesVerb> = z.input<(typeof rulesRequestSchemas)[Verb]>;
/** As it is understood. */
export type CheckedRulesRequest<Verb extends RulesVerb> = z.output<(typeof rulesRequestSchemas)[Verb]>;

/** With `pending`: this change is risky, and reverts unless it is confirmed. */
interface Changed {
  revision: number;
  pending?: PendingChange | undefined;
  /**
   * What follows from the change, a sentence with the next action: a permit that expires and locks out its user, or rules
   * that are in force and could not be written.
   */
  warning?: string | undefined;
  /** What was understood otherwise than it was written, and rules that no packet can match: sentences. */
  notes?: string[];
}

/** What makes the rules that are there those that are asked for. Without `before` it is new, without `after` it goes. */
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
  /** With `was`: a rule with the same action and match existed. It was updated, and no second one was made. */
  add: Changed & { rule: Rule; was?: Rule };
  add_many: Changed & { rules: { rule: Rule; was?: Rule }[] };
  edit: Changed & { rule: Rule };
  remove: Changed & { removed: Rule[] };
  policy: Changed & { default_policy: DefaultPolicy };
  import: Changed & { rule: Rule; set: RuleSet; bad_lines: BadLine[]; bad_line_count: number };
  /** With `check`, `changed` says whether it would. `risk`: why it would wait to be confirmed. */
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
   * `forbidden`: the connection has no admin token. `lockout`: it would lock out `protected`; `force` does it anyway.
   * `limit`: more than the kernel's tables hold. `unavailable`: this loader enforces no rules.
   */
  code: z.enum(['forbidden', 'invalid', 'not_found', 'lockout', 'limit', 'internal', 'unavailable']),
  /** A sentence that ends with the next action. */
  message: z.string(),
  /** What of the request is invalid, as `rule.source`. */
  field: z.optional(z.string()),
  protected: z.optional(protectedAddressSchema),
  /** For `limit`: how many there may be. */
  limit: z.optional(count),
  /** When the same request may be accepted; absent: a repetition would be rejected as well. */
  retry_after_ms: z.optional(count),
});
export type RulesError = z.infer<typeof rulesErrorSchema>;

export type RulesAnswer<Verb extends RulesVerb> =
  | { ok: true; value: RulesResults[Verb] }
  | { ok: false; error: RulesError };

/** The events `rules:list`, `rules:add`, …; all but `list`, `test` and `audit` need the admin token. */
export type RulesEvents = {
  [Verb in RulesVerb as `rules:${Verb}`]: (
    request: RulesRequest<Verb>,
    acknowledge: (answer: RulesAnswer<Verb>) => void,
  ) => void;
};

/** The first thing that is wrong with a request, as an error to send back. */
export function invalidRequest(error: z.core.$ZodError): RulesError {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  const problem = issue?.message ?? 'It cannot be read.';
  return field === ''
    ? { code: 'invalid', message: problem }
    : { code: 'invalid', message: `${field}: ${problem}`, field };
}
