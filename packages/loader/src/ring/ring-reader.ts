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

export interface RingReader {
  /** Bytes from one record to the next, and from the start of a stride to its record. */
  readonly stride: number;
  readonly recordOffset: number;
  /** Hands over what is committed, at most about `maxBytes`; nothing is given back to the writer yet. */
  drain(sink: RecordSink, maxBytes: number): Drained;
  /**
   * Gives what was drained back to the writer. `hold`: and do not be woken by what comes (a ring may keep the
   * last record back for that). `exact`: all of it, and be woken by the next record; look once more before sleeping.
   */
  publish(hold: 'hold' | 'exact'): void;
  /** Bytes reserved by the writer that were not drained yet. */
  pending(): number;
}
