/**
 * A batch: a 64-byte header, then `count` records at a fixed stride. Little-endian.
 * The same bytes go over socket.io as one binary attachment and into a `.packetlog` file.
 *
 * ```
 *  0      4    6      8       12     14     16         24       32        40         48       56
 *  ├──────┼────┼──────┼───────┼──────┼──────┼──────────┼────────┼─────────┼──────────┼────────┼──────┐
 *  │magic │ver │header│ count │stride│offset│ sequence │offered │ dropped │ withheld │ clock  │filte-│
 *  │      │    │ size │       │      │      │          │        │         │          │ offset │red   │
 *  └──────┴────┴──────┴───────┴──────┴──────┴──────────┴────────┴─────────┴──────────┴────────┴──────┘
 * ```
 * For every receiver, over its whole stream:
 * `offered = sum of count so far (this batch included) + dropped + withheld`.
 * Filtered records are not part of `offered`: `offered + filtered` is all that passed since the subscription.
 */

export const BATCH_HEADER_SIZE = 64;

/** "PLOG" when the bytes are read in order. */
export const BATCH_MAGIC = 0x474f4c50;

export const BATCH_HEADER_FIELDS = {
  /** u32, BATCH_MAGIC. */
  magic: 0,
  /** u16, PROTOCOL_VERSION. */
  version: 4,
  /** u16, bytes of this header: where the first stride begins. */
  header_size: 6,
  /** u32, records in this batch. */
  count: 8,
  /** u16, bytes from one record to the next: 64, or 72 when copied from a kernel ring. */
  stride: 12,
  /** u16, bytes from the start of a stride to its record: 0, or 8 when copied from a kernel ring. */
  record_offset: 14,
  /** u64, 0 for the first batch of a receiver, then incremented by 1. A gap is a lost batch. */
  sequence: 16,
  /** u64, records that matched this receiver's filter since it subscribed, this batch included. */
  offered: 24,
  /** u64, part of `offered`: lost because the receiver was too slow. */
  dropped: 32,
  /**
   * u64, part of `offered`: not sent because of the receiver's limit of rows per second (0 and a pause included). While
   * no client requests rows they are not filtered: then all count here, regardless of the filter.
   */
  withheld: 40,
  /** i64, ns added to the kernel's monotonic clock for `timestamp_ns`. */
  clock_offset_ns: 48,
  /** u64, records that the receiver's filter excluded; they are not lost. */
  filtered: 56,
} as const;
