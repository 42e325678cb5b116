/** A finding: something in the traffic that is certain enough to name. docs/defence.md describes each kind. */
import * as z from 'zod/mini';

export const FINDING_KINDS = ['port_scan', 'host_sweep', 'login_attempts', 'syn_flood', 'icmp_flood'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Most findings that are open at a time. */
export const MAX_OPEN_FINDINGS = 32;
/** Most closed findings that are kept. */
export const MAX_CLOSED_FINDINGS = 64;

const count = z.int().check(z.nonnegative());
const time = z.number();
/** An address; of an IPv6 source, its network of 64 bits. */
const address = z.string().check(z.maxLength(64));

export const findingSchema = z.object({
  /** From 1 on since the start of the loader. */
  id: count,
  kind: z.enum(FINDING_KINDS),
  /** When the evidence was complete (Unix time, ms, as all times here). */
  opened_at_ms: time,
  /** Times of the first and the newest packet that count as evidence. */
  first_at_ms: time,
  last_at_ms: time,
  /** Absent: still open. */
  closed_at_ms: z.optional(time),
  /** Absent if there are several. It may be forged. */
  source: z.optional(address),
  /** Absent if there are several. */
  destination: z.optional(address),
  /** Destination port; absent if there are several, or none. */
  port: z.optional(count),
  /** Packets that are evidence, by weight. */
  packets: count,
  /** Destination ports; of several addresses, those of the address with the most. */
  ports: z.optional(count),
  /** Destination addresses. */
  addresses: z.optional(count),
  /** Sources of a flood, estimated to within about 10 %. */
  sources: z.optional(count),
  /** Share of a flood's packets whose source had not completed a connection in the last 10 minutes, 0 to 1. */
  new_share: z.optional(z.number()),
  /** Most packets of a flood in one second. */
  per_second: z.optional(count),
  /** Most connection attempts in one minute. */
  per_minute: z.optional(count),
  /** Selects the packets, in the language of docs/filter.md. */
  filter: z.string(),
  /** A rule to consider; absent where the sources are many and may be forged. */
  rule: z.optional(
    z.object({ action: z.literal('deny'), source: address, expires_in: z.string(), reason: z.string() }),
  ),
});
export type Finding = z.infer<typeof findingSchema>;

/** All findings. Sent when a client connects, and at most once a second when they change. */
export const findingsSchema = z.object({
  at_ms: time,
  /** Oldest first. */
  open: z.array(findingSchema).check(z.maxLength(MAX_OPEN_FINDINGS)),
  /** Newest first. */
  closed: z.array(findingSchema).check(z.maxLength(MAX_CLOSED_FINDINGS)),
  /** Findings that were opened since the start of the loader. */
  opened: z.record(z.enum(FINDING_KINDS), count),
  /** Sources and services that could not be followed since the start, because a table was full. */
  untracked: count,
});
export type Findings = z.infer<typeof findingsSchema>;

export function noFindings(at_ms: number): Findings {
  const opened = Object.fromEntries(FINDING_KINDS.map((kind) => [kind, 0])) as Record<FindingKind, number>;
  return { at_ms, open: [], closed: [], opened, untracked: 0 };
}
