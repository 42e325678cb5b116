/** Changes that wait for their turn: one after the other, additions of the same caller together. */
import type { PendingChange } from '@packetlog/common';
import { Mutex } from '../../mutex.ts';
import type { Change } from './change.ts';

/** So many additions are put in force together. */
const MOST_TOGETHER = 500;

export interface Done<Value> {
  readonly value: Value;
  readonly revision: number;
  /** It reverts unless it is confirmed. */
  readonly pending: PendingChange | undefined;
  /** What will follow from it later. */
  readonly warning?: string | undefined;
}

export interface Waiting {
  readonly change: Change<unknown>;
  readonly done: (done: Done<unknown>) => void;
  readonly refuse: (error: unknown) => void;
}

export class ChangeQueue {
  readonly #mutex = new Mutex();
  readonly #waiting: Waiting[] = [];
  readonly #work: (batch: readonly Waiting[]) => Promise<void>;

  /** `work`: does all of a batch, or none of it and rejects. */
  constructor(work: (batch: readonly Waiting[]) => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when it is done; rejects with what is wrong with it, not with what comes with it. */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, done: (done) => resolve(done as Done<Value>), refuse: reject });
      void this.#mutex.run(() => this.#next());
    });
  }

  /** Does something else in its turn. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#mutex.run(task);
  }

  async #next(): Promise<void> {
    const first = this.#waiting[0]?.change;
    const isAlike = (change: Change<unknown> | undefined) =>
      change?.what === 'add' && !change.force && change.who.address === first?.who.address;
    let together = 1;
    while (together < MOST_TOGETHER && isAlike(first) && isAlike(this.#waiting[together]?.change)) together++;
    const batch = this.#waiting.splice(0, together);
    if (batch.length > 1 && (await this.#work(batch).then(...IS_DONE))) return;
    for (const one of batch) await this.#work([one]).catch(one.refuse);
  }
}

const IS_DONE = [() => true, () => false] as const;
