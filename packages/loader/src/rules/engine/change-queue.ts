/** Queues changes and runs them one after the other; successive additions of one caller run as one batch. */
import type { PendingChange } from '@packetlog/common';
import { Mutex } from '../../mutex.ts';
import type { Change } from './change.ts';

/** Maximum additions per batch. */
const MAX_BATCH = 500;

export interface Done<Value> {
  readonly value: Value;
  readonly revision: number;
  /** Set if the change reverts unless it is confirmed. */
  readonly pending: PendingChange | undefined;
  /** A later effect of the change, such as a lockout when a rule expires. */
  readonly warning?: string | undefined;
}

export interface Waiting {
  readonly change: Change<unknown>;
  readonly done: (done: Done<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

export class ChangeQueue {
  readonly #mutex = new Mutex();
  readonly #waiting: Waiting[] = [];
  readonly #work: (batch: readonly Waiting[]) => Promise<void>;

  /** `work` makes all changes of a batch, or rejects and makes none. */
  constructor(work: (batch: readonly Waiting[]) => Promise<void>) {
    this.#work = work;
  }

  /**
   * Resolves when the change is made. Rejects only with the change's own error, not with that of a change in the same
   * batch.
   */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, done: (done) => resolve(done as Done<Value>), reject });
      void this.#mutex.run(() => this.#next());
    });
  }

  /** Runs a task that is not a change, after the tasks and changes before it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#mutex.run(task);
  }

  async #next(): Promise<void> {
    const first = this.#waiting[0]?.change;
    const isBatchable = (change: Change<unknown> | undefined) =>
      change?.what === 'add' && !change.force && change.who.address === first?.who.address;
    let count = 1;
    while (count < MAX_BATCH && isBatchable(first) && isBatchable(this.#waiting[count]?.change)) count++;
    const batch = this.#waiting.splice(0, count);
    if (batch.length > 1 && (await this.#work(batch).then(...SUCCEEDED))) return;
    for (const one of batch) await this.#work([one]).catch(one.reject);
  }
}

const SUCCEEDED = [() => true, () => false] as const;
