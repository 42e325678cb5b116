import {
  type ClientToServerEvents,
  MAX_ROWS_PER_SECOND,
  PacketLogBatch,
  PROTOCOL_VERSION,
  type ServerToClientEvents,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { isLedger, isRejection } from '../../node/messages/messages.ts';
import { NEW_STREAM, receiveBatch, type StreamLedger } from '../../node/state/stream-ledger.ts';
import { NO_FILTER } from '../../text/filter-text.ts';

type LoaderSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const BATCHES_PER_SECOND = 20;

export interface ExportStreamEvents {
  /** The loader sends every record that passes the filter from now on. */
  readonly onStart: () => void;
  readonly onBatch: (batch: PacketLogBatch) => void;
  readonly onBroken: () => void;
  /** The recording did not start; `message` is the reason, as a sentence. */
  readonly onRejected: (message: string) => void;
}

/** A separate connection for one export: the page's row limit and pause do not affect it. */
export class ExportStream {
  readonly #socket: LoaderSocket;
  #stream: StreamLedger = NEW_STREAM;
  #droppedByLedger = 0;

  constructor(
    target: { readonly loader: string; readonly token: string | null },
    filter: string,
    { onStart, onBatch, onBroken, onRejected }: ExportStreamEvents,
  ) {
    const socket: LoaderSocket = io(target.loader, {
      transports: ['websocket'],
      auth: { token: target.token, protocol: PROTOCOL_VERSION },
      forceNew: true,
      reconnection: false,
    });
    this.#socket = socket;
    const reject = (message: string) => {
      this.close();
      onRejected(message);
    };
    socket.on('connect', () => {
      const options = {
        max_rows_per_second: MAX_ROWS_PER_SECOND,
        max_batches_per_second: BATCHES_PER_SECOND,
        ...(filter !== NO_FILTER && { filter }),
      };
      socket.emit('subscribe', options, (result) => (result.ok ? onStart() : reject(result.error.message)));
    });
    socket.on('connect_error', (error) => {
      const rejection = (error as Error & { data?: unknown }).data;
      reject(isRejection(rejection) ? rejection.message : 'The loader is unreachable.');
    });
    socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') onBroken();
    });
    socket.on('ledger', (ledger) => {
      if (isLedger(ledger)) this.#droppedByLedger = ledger.client.dropped;
    });
    socket.on('packets', (bytes) => {
      try {
        const batch = PacketLogBatch.from(bytes);
        this.#stream = receiveBatch(this.#stream, batch);
        onBatch(batch);
      } catch {
        this.close();
        onBroken();
      }
    });
  }

  /** Rows sent to this connection that did not arrive. */
  get loss(): { readonly page: number; readonly withheld: number } {
    const { dropped, missingRows, withheld } = this.#stream;
    return { page: Math.max(dropped, this.#droppedByLedger) + missingRows, withheld };
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }
}
