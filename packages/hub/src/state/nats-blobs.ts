/**
 * Blobs in a bucket of their own: `DIGEST.p0`, `DIGEST.p1`, …, each smaller than the largest message, and then `DIGEST.size`,
 * the number of bytes: a blob without it is not complete.
 */
import type { KV } from '@nats-io/kv';
import { StateError } from './hub-state.ts';
import { digestOf, isDigest } from './state-keys.ts';

const PART_BYTES = 256 * 1024;
/** Parts on their way at the same time. */
const AT_ONCE = 8;

export class NatsBlobs {
  readonly #bucket: KV;

  constructor(bucket: KV) {
    this.#bucket = bucket;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    if ((await this.#size(digest)) !== undefined) return digest;
    await eachPart(bytes.length, async (index) => {
      await this.#bucket.put(partKey(digest, index), bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
    });
    await this.#bucket.put(sizeKey(digest), `${bytes.length}`);
    return digest;
  }

  async get(digest: string): Promise<Uint8Array | undefined> {
    const size = await this.#size(digest);
    if (size === undefined) return undefined;
    const bytes = new Uint8Array(size);
    await eachPart(size, async (index) => {
      const part = await this.#bucket.get(partKey(digest, index));
      if (part !== null) bytes.set(part.value.subarray(0, size - index * PART_BYTES), index * PART_BYTES);
    });
    if (digestOf(bytes) === digest) return bytes;
    // Removed by another hub while it was read, or damaged.
    if ((await this.#size(digest)) === undefined) return undefined;
    throw new StateError('read', `blob ${digest}`, 'it is damaged', 'Restore the state from a backup.');
  }

  async remove(digest: string): Promise<void> {
    const size = await this.#size(digest);
    if (size === undefined) return;
    await this.#bucket.purge(sizeKey(digest));
    await eachPart(size, (index) => this.#bucket.purge(partKey(digest, index)));
  }

  async #size(digest: string): Promise<number | undefined> {
    if (!isDigest(digest)) return undefined;
    const entry = await this.#bucket.get(sizeKey(digest));
    return entry === null || entry.operation !== 'PUT' ? undefined : Number(entry.string());
  }
}

const partKey = (digest: string, index: number) => `${digest}.p${index}`;
const sizeKey = (digest: string) => `${digest}.size`;

async function eachPart(bytes: number, make: (index: number) => Promise<void>): Promise<void> {
  const parts = Math.ceil(bytes / PART_BYTES);
  for (let first = 0; first < parts; first += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, parts - first) }, (_, offset) => first + offset);
    await Promise.all(indexes.map(make));
  }
}
