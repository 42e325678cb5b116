/** A dry run over recorded packets: its report is that of a live dry run, and what only the past can tell. */
import * as z from 'zod/mini';
import { DRY_RUN_CHECKS, dryRunShape } from '../rules/requests.ts';
import type { DryRunReport, ProtectedAddress } from '../rules/snapshot.ts';
import { forwards, time } from './past-range.ts';

/** The rules are those of a live dry run (`rules:test`), and evaluated as if they had no expiry. */
export const pastDryRunRequestSchema = z
  .strictObject({ ...dryRunShape, from_ms: time, to_ms: time })
  .check(...DRY_RUN_CHECKS, forwards);
export type PastDryRunRequest = z.input<typeof pastDryRunRequestSchema>;

interface Packets {
  readonly packets: number;
  readonly bytes: number;
}

/** Why a source is probably wanted. */
export type KnownGoodReason =
  | { readonly kind: 'permit_rule'; readonly rule: string }
  | { readonly kind: ProtectedAddress['kind']; readonly address: string };

/** `packets` and `bytes`: all that would be denied. */
interface WithNewlyDenied extends Packets {
  /** The part of them that was not denied then. */
  readonly newly_denied: Packets;
}

interface SourcesOf<Entry> {
  readonly sources: number;
  readonly packets: number;
  readonly by_source: readonly Entry[];
}

/** What a limit would have done, alone, as if it observed. Of an existing rule, `id`; otherwise `draft`, its index. */
export interface PastLimit {
  readonly id?: number;
  readonly draft?: number;
  /** The limit as one sentence. */
  readonly rule: string;
  /** What it measured (packets, SYN, connections, packets to new ports), and what of that would have been over. */
  readonly seen: number;
  readonly over: number;
  /** Number of sources, ports or networks with packets over, and those with the most. */
  readonly buckets: number;
  readonly by_bucket: readonly { readonly bucket: string; readonly over: number }[];
  readonly first_over_ns: string | null;
  /** Packets of buckets for which there was no memory. */
  readonly not_evaluated: number;
  /** Connections are counted from records, where forged packets may look like one. */
  readonly is_upper_estimate: boolean;
}

/**
 * `seen` and `judged`: packets that the evaluated records stand for. Lists have the largest parts that were not denied
 * then first. Times are ns since 1970 as text, null without a limit or without records.
 */
export interface PastDryRunReport extends Omit<DryRunReport, 'by_source' | 'by_port' | 'limits_not_evaluated'> {
  readonly from_ns: string | null;
  readonly to_ns: string | null;
  readonly first_ns: string | null;
  readonly last_ns: string | null;
  /** Evaluated records and the bytes of their packets. */
  readonly records: number;
  readonly bytes: number;
  /** Packets that would have been denied and were not denied then. */
  readonly newly_denied: Packets & { readonly records: number; readonly sources: number };
  readonly by_source: readonly ({ readonly addr: string } & WithNewlyDenied)[];
  readonly by_port: readonly ({ readonly ip_protocol: number; readonly port: number } & WithNewlyDenied)[];
  /** Absent: there are no limits among the rules. */
  readonly limits?: readonly PastLimit[];
  readonly known_good: SourcesOf<{ readonly addr: string; readonly because: readonly KnownGoodReason[] } & Packets>;
  /** Sources of TCP packets as of open connections. The flags of a packet can be forged. */
  readonly looks_established: SourcesOf<{ readonly addr: string; readonly packets: number }>;
  readonly examples: readonly object[];
  /** Rules with an expiry, evaluated as if in force during the whole range. */
  readonly expiring_rules: number;
  /** Interfaces that rules name and that had this name at no time. */
  readonly unknown_interfaces: readonly string[];
  readonly incomplete: {
    /** Interrupted before all segments were evaluated. */
    readonly is_partial: boolean;
    readonly segments: number;
    readonly evaluated_segments: number;
    readonly damaged: readonly string[];
    readonly gaps: readonly { from_ns: string; to_ns: string; records: number; cause: string }[];
    readonly not_recording: readonly { from_ns: string; to_ns: string }[];
    /** Segments deleted for their age or for room, some of whose records may be outside of the range. */
    readonly expired: { readonly segments: number; readonly records: number };
    readonly forgotten_records: number;
    readonly unreadable_journal_lines: number;
    /** Packets of sources beyond those that are counted separately. */
    readonly uncounted_source_packets: number;
  };
}
