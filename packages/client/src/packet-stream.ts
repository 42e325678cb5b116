import { type Acknowledgement, clientLedgerSchema, PacketLogBatch, type Subscribe } from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { BatchQueue } from './batch-queue.ts';
import { type ConnectOptions, DEFAULT_TIMEOUT_MS, openSocket } from './open-socket.ts';
import { PacketLogError } from './packet-log-error.ts';

export interface PacketStreamOptions {
  /** Which packets, as `tcp dst port 443 and not src net 10.0.0.0/8` (docs/filter.md); all without it. */
  readonly filter?: string;
  /** The loader picks evenly among more, and counts the rest as withheld; 20,000 unless said otherwise. */
  readonly maxRowsPerSecond?: number;
  /** Memory for what the loop has not yet read; 8 MiB unless said otherwise. */
  readonly queueBytes?: number;
  readonly signal?: AbortSignal;
}

/** Rows that were meant for this stream and will never be in it. */
export interface LostRows {
  /** Left out by the loader, because this process or the way to it was too slow. */
  readonly byLoader: number;
  /** Left out here, because the loop was too slow. */
  readonly byQueue: number;
}

/** What the loader says of one connection, from its subscription on. */
interface Counts {
  readonly dropped: number;
  readonly withheld: number;
  readonly filtered: number;
}

const NOTHING: Counts = { dropped: 0, withheld: 0, filtered: 0 };

const DEFAULT_QUEUE_BYTES = 8 << 20;

/** Packets as they arrive. One loop may read it, once. */
export class PacketStream implements AsyncIterableIterator<PacketLogBatch, undefined, unknown> {
  readonly #url: string;
  readonly #connect: ConnectOptions;
  readonly #options: PacketStreamOptions;
  readonly #closed: () => void;
  readonly #queue: BatchQueue;
  #opening: Promise<void> | undefined;
  #socket: Socket | undefined;
  /** Of connections before the one that is open. */
  #before = NOTHING;
  #now = NOTHING;
  #interruptions = 0;

  constructor(url: string, connect: ConnectOptions, options: PacketStreamOptions, closed: () => void) {
    this.#url = url;
    this.#connect = connect;
    this.#options = options;
    this.#closed = closed;
    this.#queue = new BatchQueue(options.queueBytes ?? DEFAULT_QUEUE_BYTES);
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted) this.#abort();
  }

  get lost(): LostRows {
    return { byLoader: this.#before.dropped + this.#now.dropped, byQueue: this.#queue.lost };
  }

  /** Rows that were left out because more came than `maxRowsPerSecond`: asked for, so no loss. */
  get withheld(): number {
    return this.#before.withheld + this.#now.withheld;
  }

  /** Rows that the filter left out. Like the counts above it is what the loader said last, with a batch or once a second. */
  get filtered(): number {
    return this.#before.filtered + this.#now.filtered;
  }

  /** How often the connection broke and came back. What passed in between is in no count of this stream. */
  get interruptions(): number {
    return this.#interruptions;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws PacketLogError when the loader cannot be reached at first, or refuses; `invalid` for a bad filter. */
  async next(): Promise<IteratorResult<PacketLogBatch, undefined>> {
    this.#opening ??= this.#open().catch((error: unknown) => this.#queue.end(error));
    try {
      const batch = await this.#queue.take();
      if (batch !== undefined) return { value: batch, done: false };
    } catch (error) {
      await this.return();
      throw error;
    }
    await this.return();
    return { value: undefined, done: true };
  }

  /** Ends it; `for await` calls it when the loop is left. */
  async return(): Promise<IteratorResult<PacketLogBatch, undefined>> {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#queue.end();
    this.#socket?.disconnect();
    this.#closed();
    return { value: undefined, done: true };
  }

  readonly #abort = (): void => {
    this.#queue.end(this.#options.signal?.reason);
    this.#socket?.disconnect();
  };

  async #open(): Promise<void> {
    if (this.#options.signal?.aborted) return;
    const { socket } = await openSocket(this.#url, this.#connect);
    this.#socket = socket;
    socket.on('packets', (bytes: Uint8Array) => {
      try {
        const batch = PacketLogBatch.from(bytes);
        const { dropped, withheld, filtered } = batch;
        this.#now = { dropped, withheld, filtered };
        this.#queue.push(batch);
      } catch (error) {
        this.#queue.end(error);
      }
    });
    socket.on('ledger', (ledger: { client?: unknown } | null) => {
      const counts = clientLedgerSchema.safeParse(ledger?.client);
      if (counts.success) this.#now = counts.data;
    });
    socket.on('connect', () => {
      this.#interruptions++;
      this.#before = { dropped: this.lost.byLoader, withheld: this.withheld, filtered: this.filtered };
      this.#now = NOTHING;
      this.#subscribe(socket).catch((error: unknown) => this.#queue.end(error));
    });
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      // The loader answers, and lets this client in no more.
      if (!socket.active)
        this.#queue.end(new PacketLogError(error.message, { code: 'unauthorized' }, { cause: error }));
    });
    await this.#subscribe(socket);
    if (this.#options.signal?.aborted) socket.disconnect();
  }

  async #subscribe(socket: Socket): Promise<void> {
    const { filter, maxRowsPerSecond } = this.#options;
    const wanted: Subscribe = {
      ...(filter !== undefined && { filter }),
      ...(maxRowsPerSecond !== undefined && { max_rows_per_second: maxRowsPerSecond }),
    };
    const timeoutMs = this.#connect.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const answer: Acknowledgement<unknown> = await socket.timeout(timeoutMs).emitWithAck('subscribe', wanted);
    if (!answer.ok) throw new PacketLogError(answer.error.message, { code: answer.error.code });
  }
}
