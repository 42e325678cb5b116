import {
  type ClientToServerEvents,
  MAX_ROWS_PER_SECOND,
  PacketLogBatch,
  PROTOCOL_VERSION,
  refusalSchema,
  type ServerToClientEvents,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import type { KeptRecords } from '../lib/export/kept-records.ts';
import { NO_FILTER } from '../lib/filter-text.ts';
import { NEW_STREAM, receiveBatch, type StreamAccount } from '../lib/stream-account.ts';

type LoaderSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const BATCHES_PER_SECOND = 20;

export interface ExportStreamEvents {
  /** From now on every record that passes the filter is meant for the export. */
  readonly onStart: () => void;
  /** No room is left in the records, or the connection broke. */
  readonly onEnd: (why: 'limit' | 'broken') => void;
  /** It did not begin; the reason as a sentence. */
  readonly onRefused: (message: string) => void;
}

/** A connection of its own, so that neither the page's limit of rows nor its pause has a part in it. */
export class ExportStream {
  readonly #socket: LoaderSocket;
  #account: StreamAccount = NEW_STREAM;
  #droppedByLedger = 0;

  constructor(
    target: { readonly loader: string; readonly token: string | null },
    filter: string,
    records: KeptRecords,
    { onStart, onEnd, onRefused }: ExportStreamEvents,
  ) {
    const socket: LoaderSocket = io(target.loader, {
      transports: ['websocket'],
      auth: { token: target.token, protocol: PROTOCOL_VERSION },
      forceNew: true,
      reconnection: false,
    });
    this.#socket = socket;
    const refuse = (message: string) => {
      this.close();
      onRefused(message);
    };
    socket.on('connect', () => {
      const options = {
        max_rows_per_second: MAX_ROWS_PER_SECOND,
        max_batches_per_second: BATCHES_PER_SECOND,
        ...(filter !== NO_FILTER && { filter }),
      };
      socket.emit('subscribe', options, (result) => (result.ok ? onStart() : refuse(result.error.message)));
    });
    socket.on('connect_error', (error) => {
      const refusal = refusalSchema.safeParse((error as Error & { data?: unknown }).data);
      refuse(refusal.success ? refusal.data.message : 'The loader cannot be reached.');
    });
    socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') onEnd('broken');
    });
    socket.on('ledger', (ledger) => {
      this.#droppedByLedger = Number(ledger.client.dropped) || 0;
    });
    socket.on('packets', (bytes) => {
      if (records.full) return;
      try {
        const batch = PacketLogBatch.from(bytes);
        this.#account = receiveBatch(this.#account, batch);
        records.append(batch);
      } catch {
        this.close();
        return onEnd('broken');
      }
      if (records.full) onEnd('limit');
    });
  }

  /** Rows that were meant for it and have not come. */
  get loss(): { readonly page: number; readonly withheld: number } {
    const { dropped, missingRows, withheld } = this.#account;
    return { page: Math.max(dropped, this.#droppedByLedger) + missingRows, withheld };
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }
}
