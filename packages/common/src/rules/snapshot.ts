/** What the loader tells about its rules: all of them, what they counted, what was changed, what they would have done. */
import * as z from 'zod/mini';
import { defaultPolicySchema, ruleActionSchema, ruleIdSchema, ruleSchema, setNameSchema } from './rule.ts';

const count = z.int().check(z.nonnegative());

/** Exact, from the kernel, for as long as the rule exists. */
const counted = {
  packets: count,
  bytes: count,
  /** Wall clock; absent while the rule has decided nothing. */
  last_seen_ms: z.optional(z.number()),
};

export const ruleSetSchema = z.object({
  name: setNameSchema,
  /** Networks and addresses in it. */
  entries: count,
  /** The file that it is read from. */
  file: z.optional(z.string()),
  loaded_at_ms: z.number(),
});
export type RuleSet = z.infer<typeof ruleSetSchema>;

/** A change that reverts by itself unless somebody confirms it. */
export const pendingChangeSchema = z.object({
  until_ms: z.number(),
  revision_before: count,
  /** What is risky about it, a sentence. */
  why: z.string(),
});
export type PendingChange = z.infer<typeof pendingChangeSchema>;

/** A change of the rules that can be undone, or done again. */
export const rulesStepSchema = z.object({
  /** Given with `rules:undo` or `rules:redo`, so that no other change is undone than the one that was looked at. */
  id: count,
  /** What was changed, in words: 'deny 203.0.113.7'. */
  what: z.string(),
  who: z.object({ name: z.string(), via: z.enum(['socket', 'control', 'file', 'loader']) }),
  at_ms: z.number(),
  /** Of the rules after it, as the answer to the change said. */
  revision: count,
});
export type RulesStep = z.infer<typeof rulesStepSchema>;

/** What is wrong with the rules and stays so until it is dealt with. */
export const rulesAlarmSchema = z.object({
  /**
   * `rules_file`: the rules file was rejected or reverted. `set_file`: the file of a set was rejected. `state_directory`:
   * no copy can be kept. `audit`: the audit file cannot be written. `lockout_ahead`: when a permit expires, a protected
   * address is denied.
   */
  code: z.enum(['rules_file', 'set_file', 'state_directory', 'audit', 'lockout_ahead']),
  /** A sentence that ends with the next action. */
  message: z.string(),
  since_ms: z.number(),
});
export type RulesAlarm = z.infer<typeof rulesAlarmSchema>;

/** What decides on packets, read back from the kernel: its rules, and the links that keep its program on interfaces. */
export const inForceSchema = z.object({
  /**
   * `loader`: the loader that runs has read it. `kernel`: none runs, and the program that one left goes on. `none`: no
   * program is attached, every packet passes.
   */
  by: z.enum(['loader', 'kernel', 'none']),
  /** Where the program is attached. */
  interfaces: z.array(z.object({ name: z.string(), ifindex: count, mode: z.string() })),
  /** Watched, but no rule acts there, and why: gone, in another network namespace, a link type that cannot be read. */
  not_filtered: z.optional(z.array(z.object({ name: z.string(), why: z.string() }))),
  /** Whether the kernel's rules are exactly those of this snapshot. */
  is_current: z.boolean(),
  /** Of the kernel. For `kernel`, unless another version of packetlog made its rules; so are `rules`. */
  default_policy: z.optional(defaultPolicySchema),
  /** What the kernel itself says of its rules, and their source as the audit file has it. */
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
  /** Grows with every change. */
  revision: count,
  default_policy: defaultPolicySchema,
  rules: z.array(
    z.safeExtend(ruleSchema, {
      ...counted,
      /** Why no packet can match it where it is, or not all that it says; a sentence with the fix. */
      warning: z.optional(z.string()),
    }),
  ),
  sets: z.array(ruleSetSchema),
  pending: z.optional(pendingChangeSchema),
  /** What `rules:undo` would undo; absent: nothing. */
  last_change: z.optional(rulesStepSchema),
  /** What `rules:redo` would do again; absent: nothing. */
  undone: z.optional(rulesStepSchema),
  /** Absent when there is none. */
  alarms: z.optional(z.array(rulesAlarmSchema)),
  /** Read when `list` asks, and about once a second while a client is connected. Absent before the first time. */
  in_force: z.optional(inForceSchema),
  /** Whether the kernel decides by these rules. */
  enforcing: z.boolean(),
  /** Whether it goes on when the loader ends. */
  pinned: z.boolean(),
});
export type RulesSnapshot = z.infer<typeof rulesSnapshotSchema>;

/** What a rule has counted, of those whose counters moved. */
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
  /** Packets of all interfaces in that time, and those of them that were looked at. */
  seen: count,
  judged: count,
  denied: z.object(volume),
  /** Passed, and marked by an observe rule. */
  observed: z.object(volume),
  by_rule: z.array(
    z.object({
      /** A rule that exists; else `draft`, the place in the list that was asked about, from 0. */
      id: z.optional(ruleIdSchema),
      draft: z.optional(count),
      /** The rule as one sentence. */
      rule: z.string(),
      ...volume,
    }),
  ),
  /** Of those that would have been denied, the most frequent first. */
  by_source: z.array(z.object({ addr: z.string(), ...volume })),
  by_port: z.array(z.object({ ip_protocol: count, port: count, ...volume })),
  /** Who would have been shut out: `rules:add` would refuse. */
  lockouts: z.array(protectedAddressSchema),
});
export type DryRunReport = z.infer<typeof dryRunReportSchema>;

/** What a change touched, before it or after it. */
const auditStateSchema = z.object({
  rules: z.optional(z.array(ruleSchema)),
  default_policy: z.optional(defaultPolicySchema),
  sets: z.optional(z.array(ruleSetSchema)),
});

/** One line of the audit file. */
export const auditEntrySchema = z.object({
  at: z.iso.datetime(),
  /** Of the rules after it. */
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
