/**
 * Changes of a bucket by any hub. One subscription serves all watches. After a lost connection it is made again, and its
 * first answers are the newest change of each key: those that were seen before are skipped.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { StateChanged } from './hub-state.ts';
import { storedIn, toKey } from './nats-entries.ts';
import { Watchers } from './watchers.ts';

const RETRY_MS = 1000;

export class NatsChanges {
  readonly #keys: KV;
  readonly #watchers = new Watchers();
  /** Newest revision seen of each key. */
  readonly #seen = new Map<string, number>();
  #entries: { stop(): void } | undefined;
  #following: Promise<void> | undefined;
  #isClosed = false;

  constructor(keys: KV) {
    this.#keys = keys;
  }

  /** Resolves when all later changes will be called back. Throws the client's error. */
  async watch(prefix: string, changed: StateChanged): Promise<() => void> {
    const { streamInfo } = await this.#keys.status();
    const newest = streamInfo.state.last_seq;
    const end = this.#watchers.add(prefix, (key, stored) => {
      if ((this.#seen.get(key) ?? 0) > newest) changed(key, stored);
    });
    this.#following ??= this.#start();
    await this.#following;
    return end;
  }

  /** Subscribes again. */
  restart(): void {
    this.#entries?.stop();
  }

  close(): void {
    this.#isClosed = true;
    this.#watchers.clear();
    this.#entries?.stop();
  }

  /** Resolves once the first subscription is made. */
  async #start(): Promise<void> {
    try {
      const entries = await this.#keys.watch();
      void this.#follow(entries);
    } catch (error) {
      this.#following = undefined;
      throw error;
    }
  }

  async #follow(first: Entries): Promise<void> {
    for (let entries: Entries | undefined = first; !this.#isClosed; entries = await this.#subscribe()) {
      if (entries === undefined) continue;
      this.#entries = entries;
      try {
        for await (const entry of entries) this.#call(entry);
      } catch {
        // The connection is lost: subscribe again.
      }
    }
  }

  /** Returns undefined if it fails. */
  async #subscribe(): Promise<Entries | undefined> {
    try {
      return await this.#keys.watch();
    } catch {
      await delay(Math.random() * RETRY_MS);
      return undefined;
    }
  }

  #call(entry: KvWatchEntry): void {
    const key = toKey(entry.key);
    if (entry.revision <= (this.#seen.get(key) ?? 0)) return;
    this.#seen.set(key, entry.revision);
    this.#watchers.notify(key, storedIn(entry));
  }
}

type Entries = Awaited<ReturnType<KV['watch']>>;
