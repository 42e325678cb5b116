/** What the drain loop needs of a ring, whatever the transport. */

export interface Drained {
  /** Records handed to the sink. */
  records: number;
  /** Bytes of ring passed over, discarded records included. */
  bytes: number;
  /** Records the kernel marked as discarded. */
  discarded: number;
}

/**
 * Receives committed records: `count` of them, `stride` bytes apart, from `start` in `memory`.
 * The bytes are the ring's own: they are the writer's again once this returns, so copy.
 */
export type RecordSink = (memory: Uint8Array, start: number, count: number) => void;

/**
 * What a reader says when it gives back what it drained.
 *
 * - `hold`: do not wake me by what comes (a ring may keep the last record back for that).
 * - `hot`: the same, and I will not sleep: the writer need not look whether somebody wants to be woken. Before `exact`
 *   comes `hold`, and then a wait until no program runs that was running: one of them may not look.
 * - `exact`: all of it, and wake me by the next record; look once more before sleeping.
 */
export type Giving = 'hold' | 'hot' | 'exact';

export interface RingReader {
  /** Bytes from one record to the next, and from the start of a stride to its record. */
  readonly stride: number;
  readonly recordOffset: number;
  /** Hands over what is committed, at most about `maxBytes`; nothing is given back to the writer yet. */
  drain(sink: RecordSink, maxBytes: number): Drained;
  /** Gives what was drained back to the writer. */
  publish(giving: Giving): void;
  /** Bytes reserved by the writer that were not drained yet. */
  pending(): number;
}
