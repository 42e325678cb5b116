/** The groups, and what is stored of their rules: read once, and followed. */
import { DEFAULT_GROUP } from '@packetlog/common/fleet';
import { readRecord } from '../identity/records.ts';
import type { HubState, Stored } from '../state/hub-state.ts';
import { type GroupRules, groupRulesSchema } from './rollout-record.ts';

const GROUPS = 'groups/';
const ROLLOUTS = 'rollouts/';

export interface StoredRules {
  readonly rules: GroupRules;
  readonly revision: number;
}

export class GroupRecords {
  readonly #state: HubState;
  readonly #groups = new Map<string, number>();
  readonly #rules = new Map<string, StoredRules>();
  readonly #callbacks = new Set<(group: string) => void>();
  readonly #ends: (() => void)[] = [];

  private constructor(state: HubState) {
    this.#state = state;
  }

  static async open(state: HubState): Promise<GroupRecords> {
    const records = new GroupRecords(state);
    records.#ends.push(
      await state.watch(GROUPS, (key, stored) => records.#groupChanged(key, stored)),
      await state.watch(ROLLOUTS, (key, stored) => records.#rulesChanged(key, stored)),
    );
    for (const [key, stored] of await state.list(GROUPS)) records.#groupChanged(key, stored);
    for (const [key, stored] of await state.list(ROLLOUTS)) records.#rulesChanged(key, stored);
    return records;
  }

  /** Groups that were added; the default group always exists. */
  names(): Set<string> {
    return new Set([DEFAULT_GROUP, ...this.#groups.keys()]);
  }

  get(group: string): StoredRules | undefined {
    return this.#rules.get(group);
  }

  all(): IterableIterator<[string, StoredRules]> {
    return this.#rules.entries();
  }

  /** Throws StateConflict, and has the newest record then. */
  async put(group: string, rules: GroupRules, expected: number): Promise<void> {
    const key = ROLLOUTS + group;
    const value = JSON.stringify(rules);
    try {
      const revision = await this.#state.put(key, value, expected);
      this.#rulesChanged(key, { value, revision });
    } catch (error) {
      const newest = await this.#state.get(key);
      if (newest !== undefined) this.#rulesChanged(key, newest);
      throw error;
    }
  }

  /** Throws StateConflict if it exists. */
  async addGroup(group: string, atMs: number): Promise<void> {
    const value = JSON.stringify({ added_at_ms: atMs });
    const revision = await this.#state.put(GROUPS + group, value, 0);
    this.#groupChanged(GROUPS + group, { value, revision });
  }

  async removeGroup(group: string): Promise<void> {
    const revision = this.#groups.get(group);
    if (revision === undefined) return;
    await this.#state.remove(GROUPS + group, revision);
    this.#groupChanged(GROUPS + group, undefined);
  }

  onChange(callback: (group: string) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#callbacks.clear();
  }

  #groupChanged(key: string, stored: Stored | undefined): void {
    const group = key.slice(GROUPS.length);
    if (stored === undefined) this.#groups.delete(group);
    else this.#groups.set(group, stored.revision);
    this.#call(group);
  }

  #rulesChanged(key: string, stored: Stored | undefined): void {
    const group = key.slice(ROLLOUTS.length);
    const known = this.#rules.get(group);
    if (stored === undefined) this.#rules.delete(group);
    // A change that was read may be called back later than the next one.
    else if (known === undefined || stored.revision > known.revision) {
      const rules = readRecord(key, stored.value, groupRulesSchema);
      this.#rules.set(group, { rules, revision: stored.revision });
    } else return;
    this.#call(group);
  }

  #call(group: string): void {
    for (const callback of this.#callbacks) callback(group);
  }
}
