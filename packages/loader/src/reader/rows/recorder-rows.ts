/** Passes records to the recorder's thread, in few large pieces; counts what it cannot pass. */
import type { MessagePort } from 'node:worker_threads';
import type { RecorderLedger } from '@packetlog/common';
import type { RecorderChannel, ToRecorder } from '../../ipc/recorder-channel.ts';
import { type RecorderCount, RecorderCounts } from '../../ipc/recorder-counts.ts';
import { Slabs } from '../../ipc/slabs.ts';
import { SlabWriter } from './slab-writer.ts';

/** Longest time that a record waits here: after kill -9, at most these are missing. */
const FLUSH_MS = 250;

export class RecorderRows {
  readonly #port: MessagePort;
  readonly #counts: RecorderCounts;
  readonly #writer: SlabWriter;
  readonly #now: () => number;
  /** Lost records that the recorder knows of. */
  #told = 0;
  #flushAt = Number.POSITIVE_INFINITY;

  /** `ring`: where a record lies in it; `before`: records that previous loaders took out of these rings. */
  constructor(
    { port, slabs, counts }: RecorderChannel,
    ring: { readonly stride: number; readonly recordOffset: number },
    position: { readonly rings: number; readonly before: number },
    now: () => number,
  ) {
    this.#port = port;
    this.#counts = new RecorderCounts(counts);
    this.#now = now;
    this.#writer = new SlabWriter({
      slabs: new Slabs(slabs),
      ...ring,
      rowsPerSecond: Number.POSITIVE_INFINITY,
      now,
      post: (slab, count) => {
        this.#send({ type: 'records', slab, count, missed: this.#takeMissed() });
        return true;
      },
      postSkipped: () => {},
    });
    this.#send({ type: 'begin', ...position, ...ring });
  }

  add(memory: Uint8Array, start: number, count: number): void {
    this.#writer.add(memory, start, count);
    if (this.#flushAt === Number.POSITIVE_INFINITY && (this.#writer.pending > 0 || this.#missed > 0))
      this.#flushAt = this.#now() + FLUSH_MS;
  }

  /** Passes on what has waited long enough; `force`: everything. */
  flush(force: boolean): void {
    if (!force && this.#now() < this.#flushAt) return;
    this.#writer.flush(true);
    // Otherwise the journal would lack them until the next packet arrives.
    if (this.#missed > 0) this.#send({ type: 'missed', missed: this.#takeMissed() });
    this.#flushAt = Number.POSITIVE_INFINITY;
  }

  /** Milliseconds until `flush` has something to pass on; Infinity: nothing waits. */
  dueInMs(): number {
    return Math.max(0, this.#flushAt - this.#now());
  }

  /** Returns the bytes that free slabs have room for. */
  room(): number {
    return this.#writer.room();
  }

  /** `offered = recorded + sampled + lost + pending`. */
  ledger(): RecorderLedger {
    const { offered, dropped } = this.#writer.counts;
    const of = (name: RecorderCount) => this.#counts.get(name);
    const [recorded, sampled, lost] = [of('recorded'), of('sampled'), dropped + of('lost')];
    return {
      offered,
      recorded,
      sampled,
      lost,
      pending: offered - recorded - sampled - lost,
      expired: of('expired'),
      bytes: of('bytes'),
      oldest_ms: Math.floor(of('oldest_ns') / 1e6),
      unsealed: of('unsealed'),
      recording: of('recording') === 1,
    };
  }

  /** No more records follow. */
  end(): void {
    this.flush(true);
    this.#send({ type: 'end', missed: this.#takeMissed() });
  }

  get #missed(): number {
    return this.#writer.counts.dropped - this.#told;
  }

  #takeMissed(): number {
    const missed = this.#missed;
    this.#told += missed;
    return missed;
  }

  #send(message: ToRecorder): void {
    this.#port.postMessage(message);
  }
}
