/**
 * The audit trail: who changed what, when and from where. It is kept in the state, in chunks, so that hubs which share a
 * state share it. The oldest entries are removed.
 */
import { type FleetAuditEntry, fleetAuditEntrySchema } from '@packetlog/common/fleet';
import { changeValue } from '../state/change-value.ts';
import type { HubState } from '../state/hub-state.ts';

const PREFIX = 'audit/';
const CHUNK_ENTRIES = 100;
const MAX_CHUNKS = 100;
const NUMBER_DIGITS = 10;
const MAX_TEXT = 256;

export class Audit {
  readonly #state: HubState;
  #newest = 0;
  /** One at a time: this hub does not compete with itself for the newest chunk. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: HubState) {
    this.#state = state;
  }

  /** Resolves when the entry is stored. */
  add(entry: FleetAuditEntry): Promise<void> {
    const added = this.#last.then(() => this.#append(shortened(entry)));
    this.#last = added.catch(() => {});
    return added;
  }

  /** Returns the newest entries, the newest first. */
  async newest(limit: number): Promise<FleetAuditEntry[]> {
    const chunks = [...(await this.#state.list(PREFIX))].sort(([a], [b]) => (a < b ? 1 : -1));
    const entries: FleetAuditEntry[] = [];
    for (const [, { value }] of chunks) {
      entries.push(...entriesOf(value).reverse());
      if (entries.length >= limit) break;
    }
    return entries.slice(0, limit);
  }

  async #append(entry: FleetAuditEntry): Promise<void> {
    if (this.#newest === 0) this.#newest = await this.#newestChunk();
    const line = JSON.stringify(entry);
    for (;;) {
      const isAdded = await changeValue(this.#state, keyOf(this.#newest), (value) => {
        if (value === undefined) return { value: line, result: true };
        const isFull = value.split('\n').length >= CHUNK_ENTRIES;
        return isFull ? { value, result: false } : { value: `${value}\n${line}`, result: true };
      });
      if (isAdded) return;
      this.#newest += 1;
      await this.#removeOldest();
    }
  }

  async #newestChunk(): Promise<number> {
    const numbers = [...(await this.#state.list(PREFIX)).keys()].map((key) => Number(key.slice(PREFIX.length)));
    return Math.max(1, ...numbers);
  }

  async #removeOldest(): Promise<void> {
    const limit = keyOf(Math.max(0, this.#newest - MAX_CHUNKS));
    for (const key of (await this.#state.list(PREFIX)).keys()) {
      if (key <= limit) await changeValue(this.#state, key, () => ({ value: undefined, result: undefined }));
    }
  }
}

const keyOf = (number: number): string => PREFIX + String(number).padStart(NUMBER_DIGITS, '0');

function shortened(entry: FleetAuditEntry): FleetAuditEntry {
  const { rejected } = entry;
  return rejected === undefined ? entry : { ...entry, rejected: rejected.slice(0, MAX_TEXT) };
}

/** Returns the entries of a chunk, without lines of another version. */
function entriesOf(chunk: string): FleetAuditEntry[] {
  return chunk.split('\n').flatMap((line) => {
    try {
      const parsed = fleetAuditEntrySchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}
