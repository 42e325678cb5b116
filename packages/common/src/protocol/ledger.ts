/** The interfaces that a loader watches, and the ledger: the sums of every hop from the kernel to a client. */
import * as z from 'zod/mini';
import { REASONS } from '../record/layout.ts';

const count = z.int().check(z.nonnegative());

/** How the program is attached: the steps of the attach ladder, fastest first. */
export const attachModeSchema = z.enum(['native_frags', 'native', 'generic']);
export type AttachMode = z.infer<typeof attachModeSchema>;

/** Whether rules apply to what arrives at an interface; `why` explains why they do not. */
export const filteringSchema = z.object({ state: z.enum(['full', 'none']), why: z.optional(z.string()) });
export type Filtering = z.infer<typeof filteringSchema>;

export const interfaceSchema = z.object({
  name: z.string(),
  /** 0 while the interface does not exist. */
  ifindex: count,
  mode: attachModeSchema,
  /** `waiting`: named by the operator, and has not existed yet. */
  state: z.enum(['attached', 'gone', 'waiting']),
  /** Why the mode is not native; absent when it is. */
  mode_reason: z.optional(z.string()),
  /** What frames begin with: `ip` on devices without a link header (tun, WireGuard, PPP). Absent: Ethernet. */
  link_layer: z.optional(z.enum(['ethernet', 'ip'])),
  filtering: z.optional(filteringSchema),
});
export type Interface = z.infer<typeof interfaceSchema>;

/**
 * Per interface, counted in the kernel for every packet, never sampled.
 * `seen = permitted + denied + aborted` and `seen = emitted + sampled_out + filtered_out + ring_full`.
 */
export const interfaceLedgerSchema = z.object({
  seen: count,
  permitted: count,
  denied: count,
  aborted: count,
  emitted: count,
  sampled_out: count,
  filtered_out: count,
  ring_full: count,
  bytes: count,
  /** Part of `bytes`. */
  denied_bytes: count,
});
export type InterfaceLedger = z.infer<typeof interfaceLedgerSchema>;

/** One hop after the kernel: `offered = delivered + dropped + withheld + pending`. */
export const hopLedgerSchema = z.object({
  /** Records that reached this hop. */
  offered: count,
  delivered: count,
  /** Lost at this hop, because the next one was too slow. */
  dropped: count,
  /** Not sent, because of the receiver's row limit or a pause. */
  withheld: count,
  /** Still waiting at this hop. */
  pending: count,
});
export type HopLedger = z.infer<typeof hopLedgerSchema>;

/**
 * The hop to a client, since it subscribed, with the same meaning as in a batch header. `offered` is what matched its
 * filter; `offered + filtered` is all that passed.
 */
export const clientLedgerSchema = z.extend(hopLedgerSchema, {
  /** Excluded by the client's filter; not lost. */
  filtered: z._default(count, 0),
});
export type ClientLedger = z.infer<typeof clientLedgerSchema>;

/** The recorder's records, since the loader started: `offered = recorded + sampled + lost + pending`. */
export const recorderLedgerSchema = z.object({
  /** Records that the loader read. */
  offered: count,
  /** Written to the disk. */
  recorded: count,
  /** Left out because of `--record-permits`; the weights of recorded ones stand for them. */
  sampled: count,
  /** Not written, because the disk was full, slow or gone. */
  lost: count,
  /** Not written yet. */
  pending: count,
  /** Deleted since the start, because they were too old or took too much room; may have been recorded earlier. */
  expired: count,
  /** Of all files. */
  bytes: count,
  /** Time of the oldest record that is kept; 0: none is. */
  oldest_ms: count,
  /** Full files that are not compressed yet. */
  unsealed: count,
  /** False while the disk takes no records. */
  recording: z.boolean(),
});
export type RecorderLedger = z.infer<typeof recorderLedgerSchema>;

export const ledgerSchema = z.object({
  at_ms: z.number(),
  interfaces: z.array(z.extend(interfaceSchema, { counters: interfaceLedgerSchema })),
  /**
   * Packets on interfaces that are not watched, such as a member of a bond or a device in another network namespace;
   * `ifindex` is the last such interface. Rules without an interface apply there. Absent while there were none.
   */
  unwatched: z.optional(z.object({ ifindex: count, counters: interfaceLedgerSchema })),
  /** From the kernel's rings into the loader. `offered` is the sum of all `emitted`, less `before`. */
  ring: hopLedgerSchema,
  /**
   * Records that earlier loaders took out of these rings: counters continue when one loader takes over from another.
   */
  before: z.optional(count),
  /** From the drain thread to the thread that serves clients. */
  queue: hopLedgerSchema,
  /** To the disk; absent if nothing is recorded. */
  recorder: z.optional(recorderLedgerSchema),
  /** From the loader to the client that receives this message. */
  client: clientLedgerSchema,
  /** Packets by what the parser could not read, over all interfaces; only reasons above zero. */
  reasons: z.partialRecord(z.enum(Object.keys(REASONS) as [keyof typeof REASONS, ...(keyof typeof REASONS)[]]), count),
});
export type Ledger = z.infer<typeof ledgerSchema>;
