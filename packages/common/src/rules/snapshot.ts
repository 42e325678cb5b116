/** What the loader reports about its rules: all rules, their counters, changes, and dry runs. */
import * as z from 'zod/mini';
import { defaultPolicySchema, ruleActionSchema, ruleIdSchema, ruleSchema, setNameSchema } from './rule.ts';

const count = z.int().check(z.nonnegative());

/** Exact, from the kernel, since the rule was added. */
const counted = {
  /** What the rule decided; of a limit: what it saw, which is what was over and what was under. */
  packets: count,
  bytes: count,
  /** Of a limit: what was over, denied or only marked. Absent while there is nothing. */
  over_packets: z.optional(count),
  over_bytes: z.optional(count),
  /** Wall clock; absent while the rule has decided nothing. */
  last_seen_ms: z.optional(z.number()),
};

export const ruleSetSchema = z.object({
  name: setNameSchema,
  /** Networks and addresses in it. */
  entries: count,
  /** The file it is loaded from. */
  file: z.optional(z.string()),
  loaded_at_ms: z.number(),
});
export type RuleSet = z.infer<typeof ruleSetSchema>;

/** A change that reverts unless it is confirmed. */
export const pendingChangeSchema = z.object({
  until_ms: z.number(),
  revision_before: count,
  /** What is risky about it, as a sentence. */
  why: z.string(),
});
export type PendingChange = z.infer<typeof pendingChangeSchema>;

/** A change of the rules that can be undone or redone. */
export const rulesStepSchema = z.object({
  /** Send it with `rules:undo` or `rules:redo`, so that no other change is undone than the displayed one. */
  id: count,
  /** What was changed, as text: 'deny 203.0.113.7'. */
  what: z.string(),
  who: z.object({ name: z.string(), via: z.enum(['socket', 'control', 'file', 'loader']) }),
  at_ms: z.number(),
  /** Revision of the rules after it, as in the answer to the change. */
  revision: count,
});
export type RulesStep = z.infer<typeof rulesStepSchema>;

/** A problem with the rules that persists until it is fixed. */
export const rulesAlarmSchema = z.object({
  /**
   * `rules_file`: the rules file was rejected or reverted. `set_file`: the file of a set was rejected.
   * `state_directory`: no copy can be kept. `audit`: the audit file cannot be written. `lockout_ahead`: when a permit
   * expires, a protected address is denied.
   */
  code: z.enum(['rules_file', 'set_file', 'state_directory', 'audit', 'lockout_ahead']),
  /** A sentence that ends with the next step. */
  message: z.string(),
  since_ms: z.number(),
});
export type RulesAlarm = z.infer<typeof rulesAlarmSchema>;

/** What decides on packets, read back from the kernel: its rules, and the links that keep its program on interfaces. */
export const inForceSchema = z.object({
  /**
   * `loader`: read by the running loader. `kernel`: no loader runs, and the program of an earlier one is still
   * attached. `none`: no program is attached, every packet passes.
   */
  by: z.enum(['loader', 'kernel', 'none']),
  /** Where the program is attached. */
  interfaces: z.array(z.object({ name: z.string(), ifindex: count, mode: z.string() })),
  /**
   * Watched interfaces to which no rule applies, and why: it does not exist, it is in another network namespace, or its
   * link type cannot be parsed.
   */
  not_filtered: z.optional(z.array(z.object({ name: z.string(), why: z.string() }))),
  /** Whether the kernel's rules are exactly those of this snapshot. */
  is_current: z.boolean(),
  /**
   * The kernel's default policy. Only `kernel` has this and `rules`, unless another version of packetlog wrote its
   * rules.
   */
  default_policy: z.optional(defaultPolicySchema),
  /** Rules as the kernel has them, and their sources from the audit file. */
  rules: z.optional(
    z.array(
      z.object({
        id: ruleIdSchema,
        action: ruleActionSchema,
        source: z.optional(z.string()),
        expires_at: z.optional(z.string()),
        ...counted,
      }),
    ),
  ),
});
export type InForce = z.infer<typeof inForceSchema>;

export const rulesSnapshotSchema = z.object({
  /** Increases with every change. */
  revision: count,
  default_policy: defaultPolicySchema,
  rules: z.array(
    z.safeExtend(ruleSchema, {
      ...counted,
      /** Why no packet can match the rule, or not all that it says; a sentence with the fix. */
      warning: z.optional(z.string()),
    }),
  ),
  sets: z.array(ruleSetSchema),
  pending: z.optional(pendingChangeSchema),
  /** What `rules:undo` would undo; absent: nothing. */
  last_change: z.optional(rulesStepSchema),
  /** What `rules:redo` would redo; absent: nothing. */
  undone: z.optional(rulesStepSchema),
  /** Absent when there is none. */
  alarms: z.optional(z.array(rulesAlarmSchema)),
  /** Read for `list`, and about once a second while a client is connected. Absent before the first read. */
  in_force: z.optional(inForceSchema),
  /** Number of bans in force, which are no rules; only for `list`. Absent: none. */
  bans: z.optional(count),
  /** Whether the kernel enforces these rules. */
  enforcing: z.boolean(),
  /** Whether the rules stay in force when the loader ends. */
  pinned: z.boolean(),
});
export type RulesSnapshot = z.infer<typeof rulesSnapshotSchema>;

/** The counters of rules, only of those whose counters changed. */
export const ruleCountersSchema = z.array(z.object({ id: ruleIdSchema, ...counted }));
export type RuleCounters = z.infer<typeof ruleCountersSchema>;

/** An address that a change would lock out. */
export const protectedAddressSchema = z.object({
  kind: z.enum(['operator', 'ssh_peer', 'gateway', 'dns', 'protect']),
  address: z.string(),
});
export type ProtectedAddress = z.infer<typeof protectedAddressSchema>;

const volume = { packets: count, bytes: count };

/** What rules would have done with the packets of some seconds, had they been in force. */
export const dryRunReportSchema = z.object({
  seconds: z.number().check(z.nonnegative()),
  /** Packets of all interfaces in that time, and the number of them that were tested. */
  seen: count,
  judged: count,
  denied: z.object(volume),
  /** Permitted, and marked by an observe rule. */
  observed: z.object(volume),
  /** Limits among the rules: they were not evaluated, as they depend on the time of each packet. Absent: none. */
  limits_not_evaluated: z.optional(count),
  by_rule: z.array(
    z.object({
      /** An existing rule; otherwise `draft`, the index in the tested list. */
      id: z.optional(ruleIdSchema),
      draft: z.optional(count),
      /** The rule as one sentence. */
      rule: z.string(),
      ...volume,
    }),
  ),
  /** Sources of packets that would have been denied, most frequent first. */
  by_source: z.array(z.object({ addr: z.string(), ...volume })),
  by_port: z.array(z.object({ ip_protocol: count, port: count, ...volume })),
  /** Addresses that would have been locked out: `rules:add` would be rejected. */
  lockouts: z.array(protectedAddressSchema),
});
export type DryRunReport = z.infer<typeof dryRunReportSchema>;

/** What a change affected, before or after it. */
const auditStateSchema = z.object({
  rules: z.optional(z.array(ruleSchema)),
  default_policy: z.optional(defaultPolicySchema),
  sets: z.optional(z.array(ruleSetSchema)),
});

/** One line of the audit file. */
export const auditEntrySchema = z.object({
  at: z.iso.datetime(),
  /** Revision of the rules after it. */
  revision: count,
  what: z.enum([
    'add',
    'edit',
    'remove',
    'policy',
    'import',
    'apply',
    'confirm',
    'revert',
    'undo',
    'expire',
    'load',
    'fallback',
    'unload',
    'undo_ban',
  ]),
  who: z.object({
    /** Name of the token, of the user, or `packetlog` itself. */
    name: z.string(),
    via: z.enum(['socket', 'control', 'file', 'loader']),
    uid: z.optional(count),
    /** Peer's address, for a socket. */
    address: z.optional(z.string()),
  }),
  why: z.string(),
  forced: z.optional(z.boolean()),
  before: z.optional(auditStateSchema),
  after: z.optional(auditStateSchema),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
