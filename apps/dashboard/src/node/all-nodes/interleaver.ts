import { PACKET_LOG_FIELDS, PACKET_LOG_SIZE, type PacketLogBatch, type PacketLogView } from '@packetlog/common';

/** How long a row waits for older rows of other nodes, ms. */
const HELD_MS = 120;
/** Beyond this number of rows, none waits. */
const MAX_HELD = 50_000;

interface QueuedBatch {
  readonly batch: PacketLogView;
  readonly arrivedAt: number;
  readonly indexOf: (ifindex: number) => number;
  next: number;
}

/**
 * Merges rows of several nodes by time. Rows of one node keep their order; between nodes the order is right if clocks
 * and latencies differ by less than the waiting time.
 */
export class Interleaver {
  readonly #queues: QueuedBatch[][];
  #held = 0;

  constructor(nodes: number) {
    this.#queues = Array.from({ length: nodes }, () => []);
  }

  get held(): number {
    return this.#held;
  }

  /** Whether rows must be taken now. */
  get isFull(): boolean {
    return this.#held > MAX_HELD;
  }

  /** Adds a batch and keeps a reference to it until its rows are taken. `indexOf` maps interface numbers. */
  put(node: number, batch: PacketLogBatch, indexOf: (ifindex: number) => number, now: number): void {
    if (batch.length === 0) return;
    this.#queues[node]?.push({ batch, arrivedAt: now, indexOf, next: 0 });
    this.#held += batch.length;
  }

  /**
   * Copies rows that have waited long enough, oldest first, 64 bytes each, after `offset` free bytes; null if there are
   * none.
   */
  take(now: number, offset: number): Uint8Array<ArrayBuffer> | null {
    const dueAt = this.isFull ? Number.POSITIVE_INFINITY : now - HELD_MS;
    let untilMs = Number.NEGATIVE_INFINITY;
    for (const queue of this.#queues) {
      for (const { batch, arrivedAt } of queue) {
        if (arrivedAt <= dueAt) untilMs = Math.max(untilMs, batch.timestampMs(batch.length - 1));
      }
    }
    if (untilMs === Number.NEGATIVE_INFINITY) return null;
    const bytes = new Uint8Array(offset + this.#held * PACKET_LOG_SIZE);
    const data = new DataView(bytes.buffer);
    let rows = 0;
    for (;;) {
      const oldest = this.#oldest();
      if (oldest === null) break;
      const [head] = oldest;
      if (head === undefined) break;
      if (head.arrivedAt > dueAt && head.batch.timestampMs(head.next) > untilMs) break;
      const at = offset + rows++ * PACKET_LOG_SIZE;
      head.batch.copyRecord(head.next, bytes, at);
      data.setUint32(at + IFINDEX_AT, head.indexOf(data.getUint32(at + IFINDEX_AT, true)), true);
      if (++head.next === head.batch.length) oldest.shift();
    }
    this.#held -= rows;
    return bytes.subarray(0, offset + rows * PACKET_LOG_SIZE);
  }

  /** Returns the queue whose first row is the oldest. */
  #oldest(): QueuedBatch[] | null {
    let oldest: QueuedBatch[] | null = null;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      const [head] = queue;
      if (head === undefined) continue;
      const ms = head.batch.timestampMs(head.next);
      if (ms >= oldestMs) continue;
      oldest = queue;
      oldestMs = ms;
    }
    return oldest;
  }
}

const IFINDEX_AT = PACKET_LOG_FIELDS.find(({ name }) => name === 'ifindex')?.offset ?? 44;
