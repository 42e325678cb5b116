/** The main thread's handle on the thread that ships recorded packets. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ShipLedger } from '@packetlog/common/fleet';
import type { Block, QuestionOf } from '../../ipc/fleet/fleet-access.ts';
import type { Shipments } from '../fleet-parts.ts';
import type { FromShipThread, ShipThreadData, ToShipThread } from './ship-messages.ts';

/** Typed arrays are not part of it. */
const HEAP_MIB = 128;

export interface ShipperOptions extends ShipThreadData {
  /** Called with every new ledger. */
  readonly changed: () => void;
  readonly warn: (message: string) => void;
  /** The thread ended: nothing is shipped any more. */
  readonly failed: (error: Error) => void;
  /** Its code: for tests. */
  readonly thread?: URL;
}

export class Shipper implements Shipments {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, (block: Block | undefined) => void>();
  #requests = 0;
  #ledger: ShipLedger = { offered: 0, acked: 0, pending: 0, expired: 0 };

  constructor({ directory, recordDirectory, changed, warn, failed, thread }: ShipperOptions) {
    const data: ShipThreadData = { directory, recordDirectory };
    this.#worker = new Worker(fileURLToPath(thread ?? new URL('./ship-thread.js', import.meta.url)), {
      workerData: data,
      name: 'ship',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromShipThread) => {
      if (message.type === 'warning') warn(message.message);
      else if (message.type === 'answer') this.#answered(message.id, message.block);
      else if (JSON.stringify(message.ledger) !== JSON.stringify(this.#ledger)) {
        this.#ledger = message.ledger;
        changed();
      }
    });
    this.#worker.on('error', (error) => failed(error instanceof Error ? error : new Error(String(error))));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        for (const id of [...this.#waiting.keys()]) this.#answered(id, undefined);
        resolve();
      });
    });
  }

  ledger(): ShipLedger {
    return this.#ledger;
  }

  next(want: 'denied' | 'all', node: string, hub: string): Promise<Block | undefined> {
    return this.#ask((id) => ({ type: 'next', id, want, node, hub }));
  }

  async shipped(answer: Omit<QuestionOf<'shipped'>, 'verb' | 'hub'>, hub: string): Promise<void> {
    await this.#ask((id) => ({ type: 'shipped', id, answer, hub }));
  }

  /** Resolves when the counts are on the disk. */
  async close(): Promise<void> {
    this.#send({ type: 'close' });
    await this.#ended;
  }

  #ask(message: (id: number) => ToShipThread): Promise<Block | undefined> {
    const id = ++this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(message(id));
    });
  }

  #answered(id: number, block: Block | undefined): void {
    this.#waiting.get(id)?.(block);
    this.#waiting.delete(id);
  }

  #send(message: ToShipThread): void {
    this.#worker.postMessage(message);
  }
}
