import { type Acknowledgement, clientLedgerSchema, PacketLogBatch, type Subscribe } from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { BatchQueue } from './batch-queue.ts';
import { type ConnectOptions, DEFAULT_TIMEOUT_MS, openSocket, retryAfter } from './open-socket.ts';
import { PacketLogError } from './packet-log-error.ts';

export interface PacketStreamOptions {
  /** Selects packets, such as `tcp dst port 443 and not src net 10.0.0.0/8` (docs/filter.md); absent: all. */
  readonly filter?: string;
  /** If more match, the loader sends an even selection and counts the rest as withheld; 20,000 by default. */
  readonly maxRowsPerSecond?: number;
  /** Maximum bytes that are queued for the loop; 8 MiB by default. */
  readonly queueBytes?: number;
  readonly signal?: AbortSignal;
}

/** Rows for this stream that were lost. */
export interface LostRows {
  /** Lost in the loader, because this process or the network was too slow. */
  readonly byLoader: number;
  /** Lost in this process, because the loop was too slow. */
  readonly byQueue: number;
}

/** The loader's counters of one connection, since its subscription. */
interface Counts {
  readonly dropped: number;
  readonly withheld: number;
  readonly filtered: number;
}

const NOTHING: Counts = { dropped: 0, withheld: 0, filtered: 0 };

const DEFAULT_QUEUE_BYTES = 8 << 20;

/** Yields packets as they arrive. Only one loop may read it, once. */
export class PacketStream implements AsyncIterableIterator<PacketLogBatch, undefined, unknown> {
  readonly #url: string;
  readonly #connect: ConnectOptions;
  readonly #options: PacketStreamOptions;
  readonly #closed: () => void;
  readonly #queue: BatchQueue;
  #opening: Promise<void> | undefined;
  #socket: Socket | undefined;
  /** Sums over the connections before the current one. */
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

  /** Rows not sent because more matched than `maxRowsPerSecond`; not lost. */
  get withheld(): number {
    return this.#before.withheld + this.#now.withheld;
  }

  /**
   * Rows that the filter excluded. Like the counts above, it is the loader's last report, sent with a batch or once a
   * second.
   */
  get filtered(): number {
    return this.#before.filtered + this.#now.filtered;
  }

  /**
   * Number of reconnections. The counts of this stream do not include packets that passed while it was disconnected.
   */
  get interruptions(): number {
    return this.#interruptions;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws PacketLogError when the first connection fails or is rejected; `invalid` for an invalid filter. */
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

  /** Ends the stream; `for await` calls it when the loop ends early. */
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
      // The loader now rejects this client: its tokens have changed.
      if (!socket.active && retryAfter(socket, error) === undefined)
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
