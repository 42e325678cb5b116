/**
 * Rules learned from recorded packets: the kinds of traffic that in a range only a set of sources sent, and rules that
 * deny them.
 */
import * as z from 'zod/mini';
import { readNetwork } from '../address/network.ts';
import { filterTextSchema } from '../filter/filter-text.ts';
import { ruleDraftSchema } from '../rules/rule.ts';
import { coverageSchema } from './coverage.ts';
import { MAX_LEARN_SOURCES } from './past-limits.ts';
import { forwards, time } from './past-range.ts';

const count = z.int().check(z.nonnegative());

const network = z
  .string()
  .check(z.refine((text) => !('problem' in readNetwork(text)), { error: 'write an address or a network' }));

export const pastLearnRequestSchema = z
  .strictObject({
    from_ms: time,
    to_ms: time,
    /** The set of sources: addresses and networks. */
    sources: z.optional(z.array(network).check(z.minLength(1), z.maxLength(MAX_LEARN_SOURCES))),
    /** Instead of `sources`: the sources of all packets of the range that match. */
    filter: z.optional(filterTextSchema),
  })
  .check(
    forwards,
    z.refine(({ sources, filter }) => (sources === undefined) !== (filter === undefined), {
      error: 'give either sources or filter',
    }),
  );
export type PastLearnRequest = z.infer<typeof pastLearnRequestSchema>;

const volume = { packets: count, bytes: count };
const volumeSchema = z.object(volume);

/** What a packet asks for: protocol and destination port, or protocol and ICMP type, or the protocol alone. */
const kind = {
  ip_protocol: count,
  /** Absent: the protocol has no ports, or the packets do not contain them, as later fragments. */
  port: z.optional(count),
  icmp_type: z.optional(count),
  ...volume,
  /** Sources of the set that sent such packets. */
  sources: count,
};
const onlyKindSchema = z.object(kind);
export type LearnedKind = z.infer<typeof onlyKindSchema>;
/** `other_packets`: of sources that are not in the set. */
const sharedKindSchema = z.object({ ...kind, other_packets: count });

const learnedRuleSchema = z.object({
  rule: ruleDraftSchema,
  ...volume,
  /** Kinds of traffic that the rule denies. */
  kinds: count,
  /** Ports between them to which no packet was sent, and which the rule denies as well. */
  unused_ports: count,
});
export type LearnedRule = z.infer<typeof learnedRuleSchema>;

/** Lists have the most packets first. `others`: of all that are not listed; `distinct`: of all. */
export const pastLearnedSchema = z.object({
  /** Sources of the set that sent packets in the range, and all that they sent. */
  sources: z.object({
    ...volume,
    entries: z.array(z.object({ addr: z.string(), ...volume })),
    others: volumeSchema,
    distinct: count,
  }),
  /** Kinds of traffic that only the set sent. */
  only: z.object({ entries: z.array(onlyKindSchema), others: volumeSchema, distinct: count }),
  /** Kinds of traffic that others sent as well: a rule for the kind would deny their packets, too. */
  shared: z.object({ entries: z.array(sharedKindSchema), others: volumeSchema, distinct: count }),
  /** Rules for any source that deny what only the set sent, and no other packet of the range. */
  by_kind: z.object({
    rules: z.array(learnedRuleSchema),
    /** Kinds that only the set sent and that these rules permit. */
    uncovered: z.object({ ...volume, kinds: count }),
    /** Sentences about what else the rules deny. */
    warnings: z.array(z.string()),
  }),
  /** The second choice: rules that deny everything from these sources. */
  by_source: z.object({
    rules: z.array(ruleDraftSchema),
    /** If there are too many sources for a rule of each: the networks of the set that the only rule names. */
    list: z.array(z.string()),
    /** Sources that are in no rule and not in the list. */
    unlisted: count,
  }),
  coverage: coverageSchema,
});
export type PastLearned = z.infer<typeof pastLearnedSchema>;
