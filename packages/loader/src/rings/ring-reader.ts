/** What the drain loop needs from a ring of any transport. */

export interface Drained {
  /** Records passed to the sink. */
  records: number;
  /** Bytes read from the ring, including discarded records. */
  bytes: number;
  /** Records the kernel marked as discarded. */
  discarded: number;
}

/**
 * Receives `count` committed records, `stride` bytes apart, from `start` in `memory`. The bytes are in the ring: the
 * writer may reuse them once this returns, so copy.
 */
export type RecordSink = (memory: Uint8Array, start: number, count: number) => void;

/**
 * How a reader releases what it drained.
 *
 * - `hold`: the next record need not wake the reader (a ring may keep the last record back for that).
 * - `hot`: as `hold`, and the reader will not sleep: the writer need not check whether to wake it. Before `exact` comes
 *   `hold`, and then a wait until all running programs have ended: one of them may skip the check.
 * - `exact`: releases everything, and the next record wakes the reader; poll once more before sleeping.
 */
export type Giving = 'hold' | 'hot' | 'exact';

export interface RingReader {
  /** `stride`: bytes from one record to the next; `recordOffset`: bytes from the start of a stride to its record. */
  readonly stride: number;
  readonly recordOffset: number;
  /** Passes committed records to the sink, about `maxBytes` at most; releases nothing to the writer yet. */
  drain(sink: RecordSink, maxBytes: number): Drained;
  /** Releases what was drained to the writer. */
  publish(giving: Giving): void;
  /** Returns the bytes that the writer reserved and that are not drained yet. */
  pending(): number;
}
