// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/**
 * A rule as data. A matching permit rule wins; else a matching deny rule; else a limit that the packet is over;
 * else observe; else the default policy. Every
 * schema returns canonical text: `203.0.113.7` for `203.0.113.7/32`, `tcp` for 6, 22 for `"22"`.
 */
import * as z from 'zod/mini';
import { hasPorts } from '../record/field-names.ts';
import { parseDuration } from './duration.ts';
import { formatTcpFlags, parseTcpFlags } from './flag-condition.ts';
import { groupNameSchema } from './fleet-name.ts';
import { formatIpProtocol, parseIpProtocol } from './ip-protocol.ts';
import { LIMIT_MEASURES, type LimitFields, limitProblem, parsePer, parseRate, parseThen } from './limit.ts';
import { followedHeader } from './never-matches.ts';
import { formatNumberRange } from './number-range.ts';
import { conditionProblem, formatDestination, parseDestination, parseLengthRange } from './packet-condition.ts';
import { formatPortRange, parsePortRange } from './port-range.ts';
import { FIRST_BAN_RULE_ID, MAX_REASON_LENGTH, MAX_RULE_ID, RULE_ACTIONS } from './rule-limits.ts';
import { RuleValueError } from './rule-value-error.ts';
import { formatRuleSource, isSetName, parseRuleSource } from './source.ts';

const MAX_CALLER_LENGTH = 128;

export const ruleActionSchema = z.enum(RULE_ACTIONS, { error: 'Write permit, deny, limit or observe.' });
/** Of a rule that an import adds: a limit needs a rate. */
export const importActionSchema = z.enum(['permit', 'deny', 'observe'], { error: 'Write permit, deny or observe.' });
export type RuleAction = z.infer<typeof ruleActionSchema>;

export const defaultPolicySchema = z.enum(['permit', 'deny'], { error: 'Write permit or deny.' });
export type DefaultPolicy = z.infer<typeof defaultPolicySchema>;

/** Makes a schema of a parser: its output is what the parser returns. */
function readBy<Input extends z.ZodMiniType<string | number>, Output>(
  input: Input,
  read: (value: z.output<Input>) => Output,
) {
  return z.pipe(
    input,
    z.transform((value: z.output<Input>, context): Output => {
      try {
        return read(value);
      } catch (error) {
        if (!(error instanceof RuleValueError)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: value });
        return z.NEVER;
      }
    }),
  );
}

const text = z.string().check(z.maxLength(64, { error: 'Write at most 64 characters.' }));
const textOrNumber = z.union([z.number(), text]);

/** The checks of a whole rule parse its source, so an invalid one ends the validation. */
const sourceText = z.string().check(z.maxLength(96, { error: 'Write at most 96 characters.', abort: true }));
const source = readBy(sourceText, (value) => formatRuleSource(parseRuleSource(value)));
const protocol = readBy(textOrNumber, (value) => formatIpProtocol(parseIpProtocol(value)));
const destinationPort = readBy(textOrNumber, (value) => formatPortRange(parsePortRange(value)));
const tcpFlags = readBy(text, (value) => formatTcpFlags(parseTcpFlags(value)));
const destination = readBy(text, (value) => formatDestination(parseDestination(value)));
const length = readBy(textOrNumber, (value) => formatNumberRange(parseLengthRange(value)));
const fragment = z.literal(true, { error: 'Write true, or leave it out.' });
const duration = readBy(text, (value) => {
  parseDuration(value);
  return value;
});
const interfaceName = z.string().check(
  z.regex(/^(?!\.{1,2}$)[^\s/\p{Cc}]{1,15}$/u, {
    error: 'Write the name of an interface: 1 to 15 characters, as in `ip link`.',
  }),
);

/** One line of text for people: no control characters, and no characters that change the direction of text. */
function line(maxLength: number) {
  const bad = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
  return z.string().check(
    z.maxLength(maxLength, { error: `Write at most ${maxLength} characters.` }),
    z.refine((value) => !bad.test(value), { error: 'Write one line, without control characters.' }),
  );
}

/** Why a rule exists. */
export const reasonSchema = line(MAX_REASON_LENGTH);
const reason = reasonSchema;
const createdBy = line(MAX_CALLER_LENGTH);
const time = z.iso.datetime({ error: 'Write a time in UTC as 2030-01-31T12:00:00Z.' });

/** Group of nodes whose generation the rule is from; absent: it is a rule of this node. Only the loader sets it. */
const group = groupNameSchema;

export const ruleIdSchema = z.int().check(z.minimum(1), z.maximum(MAX_RULE_ID));
export const setNameSchema = z
  .string()
  .check(z.refine(isSetName, { error: 'Write 1 to 63 letters, digits, dots, dashes or underscores.' }));

/** What a packet must match. With only a source: every packet from it. */
const match = {
  /** `any`, an address, a network, or `set:NAME`. */
  source,
  /** A name (`tcp`), or a number where there is no name. */
  protocol: z.optional(protocol),
  /** 22 or `"1000-2000"`; without `protocol` it applies to TCP, UDP, SCTP and UDP-Lite. */
  destination_port: z.optional(destinationPort),
  /** The interface the packet arrived on. */
  interface: z.optional(interfaceName),
  /** With the protocol tcp: `syn` (SYN is set), `syn,!ack` (and ACK is not), `none` (no flag is). */
  tcp_flags: z.optional(tcpFlags),
  /** The address, or the network, that the packet is sent to. */
  destination: z.optional(destination),
  /** Bytes of the frame, with its Ethernet header: 60 or `"1400-65535"`. Longer frames count as 65,535. */
  length: z.optional(length),
  /** Only fragments after the first, which have no ports. */
  fragment: z.optional(fragment),
};

function portsFit(rule: { protocol?: string | number | undefined; destination_port?: unknown }): boolean {
  return rule.destination_port === undefined || rule.protocol === undefined || hasPorts(parseIpProtocol(rule.protocol));
}
const portsDoNotFit = {
  path: ['destination_port'],
  error: 'This protocol has no ports: leave the port out, or write tcp, udp, sctp or udplite.',
};

const conditionsFit = z.superRefine((rule: Parameters<typeof conditionProblem>[0], context) => {
  const problem = conditionProblem(rule);
  if (problem) context.addIssue({ code: 'custom', path: [problem.field], message: problem.message });
});

/** Returns the text if `parse` accepts it. */
function textFor(parse: (value: string) => unknown) {
  return readBy(text, (value) => {
    parse(value);
    return value;
  });
}
const rate = textFor(parseRate);
const measure = z.enum(LIMIT_MEASURES, { error: 'Write packets, bytes, syn, connections or ports.' });
const burst = z.int().check(z.minimum(1));
const per = textFor(parsePer);
const consequence = textFor(parseThen);

/** Of limit rules only. */
const limit = {
  /** `20/min`, `1000/s`, `10M/s`. */
  rate: z.optional(rate),
  /** Default: packets. */
  measure: z.optional(measure),
  /** Default: the number in the rate. */
  burst: z.optional(burst),
  /** What has a bucket: `source` (default), `source/24`, `source/24,48`, `rule` or `port`. */
  per: z.optional(per),
  /**
   * `block:60s`: denies all that the limit measures of the bucket until then. `ban:1h`, `ban:1h..24h`: denies the source for
   * that long, up to the longer time if it is banned repeatedly.
   */
  then: z.optional(consequence),
  /** Absent or false: packets over the limit are permitted, and marked. */
  enforce: z.optional(z.boolean()),
};

const limitFits = z.superRefine(
  (
    rule: LimitFields & { action?: string; protocol?: string | number | undefined; enforce?: boolean | undefined },
    context,
  ) => {
    const problem = limitProblem(rule);
    if (problem) context.addIssue({ code: 'custom', path: [problem.field], message: problem.message });
  },
);

const oneEnd = {
  path: ['for'],
  error: 'Give `for` or `expires_at`, not both.',
};

export const ruleSchema = z
  .strictObject({
    /** Assigned by the loader, never reused. */
    id: ruleIdSchema,
    action: ruleActionSchema,
    ...match,
    ...limit,
    reason,
    created_by: createdBy,
    created_at: time,
    /** When the rule expires; absent: no expiry. */
    expires_at: z.optional(time),
    group: z.optional(group),
  })
  .check(z.refine(portsFit, portsDoNotFit), conditionsFit, limitFits);
export type Rule = z.infer<typeof ruleSchema>;

/** A requested rule. */
export const ruleDraftSchema = z
  .strictObject({
    action: ruleActionSchema,
    ...match,
    ...limit,
    reason: z._default(reason, ''),
    expires_at: z.optional(time),
    /** Instead of `expires_at`: `30s`, `15m`, `1h`, `7d`, `1h30m`, counted from when the loader reads it. */
    for: z.optional(duration),
  })
  .check(
    z.refine(portsFit, portsDoNotFit),
    conditionsFit,
    limitFits,
    z.refine((draft) => draft.for === undefined || draft.expires_at === undefined, oneEnd),
    // Only for drafts: a file with such a rule is still read, and the rule is listed with a warning.
    z.superRefine((draft, context) => {
      const problem = followedHeader(draft);
      if (problem) context.addIssue({ code: 'custom', path: ['protocol'], message: problem });
    }),
  );
/** As sent. */
export type RuleDraft = z.input<typeof ruleDraftSchema>;
/** As validated: canonical text. */
export type CheckedRuleDraft = z.output<typeof ruleDraftSchema>;

/** Changes to a rule; null removes a condition. Whether ports and protocol fit is checked for the resulting rule. */
export const ruleChangesSchema = z
  .strictObject({
    action: z.optional(ruleActionSchema),
    source: z.optional(source),
    protocol: z.optional(z.nullable(protocol)),
    destination_port: z.optional(z.nullable(destinationPort)),
    interface: z.optional(z.nullable(interfaceName)),
    tcp_flags: z.optional(z.nullable(tcpFlags)),
    destination: z.optional(z.nullable(destination)),
    length: z.optional(z.nullable(length)),
    fragment: z.optional(z.nullable(fragment)),
    rate: z.optional(z.nullable(rate)),
    measure: z.optional(z.nullable(measure)),
    burst: z.optional(z.nullable(burst)),
    per: z.optional(z.nullable(per)),
    then: z.optional(z.nullable(consequence)),
    enforce: z.optional(z.nullable(z.boolean())),
    reason: z.optional(reason),
    expires_at: z.optional(z.nullable(time)),
    for: z.optional(duration),
  })
  .check(z.refine((changes) => changes.for === undefined || changes.expires_at === undefined, oneEnd));
export type RuleChanges = z.input<typeof ruleChangesSchema>;
export type CheckedRuleChanges = z.output<typeof ruleChangesSchema>;

/** Selects the rules that have all given values: at least a source, a reason or a group. */
export const ruleSelectorSchema = z
  .strictObject({
    source: z.optional(source),
    action: z.optional(ruleActionSchema),
    protocol: z.optional(protocol),
    destination_port: z.optional(destinationPort),
    interface: z.optional(interfaceName),
    tcp_flags: z.optional(tcpFlags),
    destination: z.optional(destination),
    length: z.optional(length),
    fragment: z.optional(fragment),
    /** The whole reason. */
    reason: z.optional(reason.check(z.minLength(1))),
    /** Rules of the fleet for this group. */
    group: z.optional(group),
  })
  .check(
    z.refine((selector) => (selector.source ?? selector.reason ?? selector.group) !== undefined, {
      error: 'Give a `source`, a `reason` or a `group`.',
    }),
  );
/** As sent. */
export type RuleSelector = z.input<typeof ruleSelectorSchema>;
/** As validated. */
export type CheckedRuleSelector = z.output<typeof ruleSelectorSchema>;

const ownRuleIdSchema = ruleIdSchema.check(
  z.maximum(FIRST_BAN_RULE_ID - 1, { error: `Ids from ${FIRST_BAN_RULE_ID} on are those of bans: leave the id out.` }),
);

/** A rule in a file that people may edit: what the loader assigns may be missing. */
export const fileRuleSchema = z
  .strictObject({
    id: z.optional(ownRuleIdSchema),
    action: ruleActionSchema,
    ...match,
    ...limit,
    reason: z._default(reason, ''),
    created_by: z.optional(createdBy),
    created_at: z.optional(time),
    expires_at: z.optional(time),
    group: z.optional(group),
  })
  .check(z.refine(portsFit, portsDoNotFit), conditionsFit, limitFits);
export type FileRule = z.output<typeof fileRuleSchema>;
