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
 * - `holdLast`: the next record need not wake the reader (a ring may hold its last record back for that).
 * - `polling`: as `holdLast`, and the reader polls without sleeping: the writer need not check whether to wake it. Before
 *   `wakeOnNext`, commit with `holdLast` and wait until all running programs have ended: one of them may skip the check.
 * - `wakeOnNext`: releases everything, and the next record wakes the reader; poll once more before sleeping.
 */
export type CommitMode = 'holdLast' | 'polling' | 'wakeOnNext';

export interface RingReader {
  /** `stride`: bytes from one record to the next; `recordOffset`: bytes from the start of a stride to its record. */
  readonly stride: number;
  readonly recordOffset: number;
  /** Bytes of the ring. */
  readonly capacity: number;
  /** Passes committed records to the sink, about `maxBytes` at most; releases nothing to the writer yet. */
  drain(sink: RecordSink, maxBytes: number): Drained;
  /** Releases what was drained to the writer: moves the consumer position. */
  commit(mode: CommitMode): void;
  /** Returns the bytes that the writer reserved and that are not drained yet. */
  pending(): number;
}
