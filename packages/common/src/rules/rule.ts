/**
 * A rule as data. A matching permit rule wins; else a matching deny rule; else observe; else the default policy.
 * Every schema gives back canonical text: `203.0.113.7` for `203.0.113.7/32`, `tcp` for 6, 22 for `"22"`.
 */
import { z } from 'zod';
import { hasPorts } from '../names.ts';
import { parseDuration } from './duration.ts';
import { formatIpProtocol, parseIpProtocol } from './ip-protocol.ts';
import { formatPortRange, parsePortRange } from './port-range.ts';
import { RuleValueError } from './rule-value-error.ts';
import { formatRuleSource, isSetName, parseRuleSource } from './source.ts';

/** `observe` lets pass, and marks what it would have denied. */
export const RULE_ACTIONS = ['permit', 'deny', 'observe'] as const;
export const MAX_RULE_ID = 0xffff_ffff;
export const MAX_REASON_LENGTH = 500;
const MAX_WHO_LENGTH = 128;

export const ruleActionSchema = z.enum(RULE_ACTIONS, { error: 'Write permit, deny or observe.' });
export type RuleAction = z.infer<typeof ruleActionSchema>;

export const defaultPolicySchema = z.enum(['permit', 'deny'], { error: 'Write permit or deny.' });
export type DefaultPolicy = z.infer<typeof defaultPolicySchema>;

/** What a parser accepts, as what it makes of it. */
function readBy<Input extends z.ZodType<string | number>, Output>(
  input: Input,
  read: (value: z.output<Input>) => Output,
) {
  return input.transform((value, context): Output => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof RuleValueError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

const text = z.string().max(64);
const textOrNumber = z.union([z.number(), text]);

const source = readBy(z.string().max(96), (value) => formatRuleSource(parseRuleSource(value)));
const protocol = readBy(textOrNumber, (value) => formatIpProtocol(parseIpProtocol(value)));
const destinationPort = readBy(textOrNumber, (value) => formatPortRange(parsePortRange(value)));
const duration = readBy(text, (value) => {
  parseDuration(value);
  return value;
});
const interfaceName = z.string().regex(/^(?!\.{1,2}$)[^\s/\p{Cc}]{1,15}$/u, {
  error: 'Write the name of an interface: 1 to 15 characters, as in `ip link`.',
});

/** One line of text for people: no control characters, nor what turns the direction of text around. */
function line(longest: number) {
  const bad = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
  return z
    .string()
    .max(longest, { error: `Write at most ${longest} characters.` })
    .refine((value) => !bad.test(value), { error: 'Write one line, without control characters.' });
}

const reason = line(MAX_REASON_LENGTH);
const createdBy = line(MAX_WHO_LENGTH);
const time = z.iso.datetime({ error: 'Write a time in UTC as 2030-01-31T12:00:00Z.' });

export const ruleIdSchema = z.number().int().min(1).max(MAX_RULE_ID);
export const setNameSchema = z
  .string()
  .refine(isSetName, { error: 'Write 1 to 63 letters, digits, dots, dashes or underscores.' });

/** What a packet must be like. Nothing given but the source: every packet of it. */
const match = {
  /** `any`, an address, a network, or `set:NAME`. */
  source,
  /** A name (`tcp`), or a number where there is no name. */
  protocol: protocol.optional(),
  /** 22 or `"1000-2000"`; without `protocol` that of TCP, UDP, SCTP and UDP-Lite. */
  destination_port: destinationPort.optional(),
  /** The one it arrived on. */
  interface: interfaceName.optional(),
};

function portsFit(rule: { protocol?: string | number | undefined; destination_port?: unknown }): boolean {
  return rule.destination_port === undefined || rule.protocol === undefined || hasPorts(parseIpProtocol(rule.protocol));
}
const portsDoNotFit = {
  path: ['destination_port'],
  error: 'This protocol has no ports: leave the port out, or write tcp, udp, sctp or udplite.',
};

const oneEnd = {
  path: ['for'],
  error: 'Give `for` or `expires_at`, not both.',
};

export const ruleSchema = z
  .strictObject({
    /** Given by the loader, never used again. */
    id: ruleIdSchema,
    action: ruleActionSchema,
    ...match,
    reason,
    created_by: createdBy,
    created_at: time,
    /** From then on the rule does not exist; absent: never. */
    expires_at: time.optional(),
  })
  .refine(portsFit, portsDoNotFit);
export type Rule = z.infer<typeof ruleSchema>;

/** A rule that somebody asks for. */
export const ruleDraftSchema = z
  .strictObject({
    action: ruleActionSchema,
    ...match,
    reason: reason.default(''),
    expires_at: time.optional(),
    /** Instead of `expires_at`: `30s`, `15m`, `1h`, `7d`, `1h30m` from when the loader reads it. */
    for: duration.optional(),
  })
  .refine(portsFit, portsDoNotFit)
  .refine((draft) => draft.for === undefined || draft.expires_at === undefined, oneEnd);
/** As it is sent. */
export type RuleDraft = z.input<typeof ruleDraftSchema>;
/** As it is understood: canonical text. */
export type CheckedRuleDraft = z.output<typeof ruleDraftSchema>;

/** What to change of a rule; null takes a condition away. That ports and protocol fit is asked of the rule that results. */
export const ruleChangesSchema = z
  .strictObject({
    action: ruleActionSchema.optional(),
    source: source.optional(),
    protocol: protocol.nullable().optional(),
    destination_port: destinationPort.nullable().optional(),
    interface: interfaceName.nullable().optional(),
    reason: reason.optional(),
    expires_at: time.nullable().optional(),
    for: duration.optional(),
  })
  .refine((changes) => changes.for === undefined || changes.expires_at === undefined, oneEnd);
export type RuleChanges = z.input<typeof ruleChangesSchema>;
export type CheckedRuleChanges = z.output<typeof ruleChangesSchema>;

/** A rule in a file that people may edit: what the loader gives may be missing. */
export const fileRuleSchema = z
  .strictObject({
    id: ruleIdSchema.optional(),
    action: ruleActionSchema,
    ...match,
    reason: reason.default(''),
    created_by: createdBy.optional(),
    created_at: time.optional(),
    expires_at: time.optional(),
  })
  .refine(portsFit, portsDoNotFit);
export type FileRule = z.output<typeof fileRuleSchema>;
