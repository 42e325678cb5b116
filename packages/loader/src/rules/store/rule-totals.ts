/** Sums the counts of each rule since it was created, across changes of its counter slot and restarts of the loader. */
import type { RuleCounters } from '@packetlog/common';
import { overKey, overLimit } from '../../ipc/counter-keys.ts';
import type { RuleCount, RuleHits, Volume } from '../../ipc/rule-counts.ts';
import type { KeptCounts } from './counts-file.ts';

export interface Totals {
  packets: number;
  bytes: number;
  last_seen_ms?: number | undefined;
}

/** Of a limit also what was over it. */
export interface RuleTotal extends Totals {
  over_packets?: number;
  over_bytes?: number;
}

const ZERO: Readonly<Totals> = { packets: 0, bytes: 0 };

export class RuleTotals {
  /** Counts from before the rule's current counter was last reset. */
  readonly #before = new Map<number, Totals>();
  readonly #now = new Map<number, Totals>();
  #idBySlot = new Map<number, number>();
  /** Ids of limits. */
  #limits: ReadonlySet<number> = new Set();
  #moved = new Set<number>();
  #hits = new Map<number, Volume>();

  /** Assigns counter slots. `slots`: counter slot by rule id, of all rules in force; those in `fresh` start at zero. */
  assign(slots: ReadonlyMap<number, number>, fresh: readonly number[]): void {
    this.#idBySlot = new Map([...slots].map(([id, slot]) => [slot, id]));
    this.#limits = new Set([...slots.keys()].flatMap((key) => overLimit(key) ?? []));
    for (const slot of fresh) {
      const id = this.#idBySlot.get(slot);
      const known = id === undefined ? undefined : this.#now.get(id);
      if (id !== undefined && known) this.#before.set(id, known);
    }
  }

  /** Continues the totals of another loader. `slots`: counters by rule id that the kernel kept and never reset. */
  resume(kept: KeptCounts, slots: ReadonlyMap<number, number>): void {
    for (const { id, before, total } of kept) {
      this.#before.set(id, slots.has(id) ? before : total);
      this.#now.set(id, total);
    }
    this.assign(slots, []);
  }

  /** Returns the counts of these rules for another loader. */
  kept(ids: Iterable<number>): KeptCounts {
    const keys = [...ids].flatMap((id) => (this.#now.has(overKey(id)) ? [id, overKey(id)] : [id]));
    return keys.map((id) => ({ id, before: this.#before.get(id) ?? ZERO, total: this.#now.get(id) ?? ZERO }));
  }

  /** Updates the totals from the current values of the kernel's counters. */
  add(counts: readonly RuleCount[]): void {
    for (const { slot, packets, bytes, last_seen_ms } of counts) {
      const id = this.#idBySlot.get(slot);
      if (id === undefined || packets === 0) continue;
      const before = this.#before.get(id) ?? ZERO;
      const total = { packets: before.packets + packets, bytes: before.bytes + bytes, last_seen_ms };
      this.#hit(id, total);
      this.#now.set(id, total);
      this.#moved.add(overLimit(id) ?? id);
    }
  }

  /** Of a limit, `packets` are those that it saw. */
  of(id: number): Readonly<RuleTotal> {
    const total = this.#now.get(id) ?? ZERO;
    const over = this.#now.get(overKey(id));
    return over === undefined ? total : { ...total, over_packets: over.packets, over_bytes: over.bytes };
  }

  /** Returns the totals of the rules whose counters changed since the last call. */
  moved(): RuleCounters {
    const counters = [...this.#moved].map((id) => ({ id, ...this.of(id) }));
    this.#moved = new Set();
    return counters;
  }

  /**
   * Returns the packets and bytes that each rule decided since the last call. Excludes those that another loader
   * counted.
   */
  hits(): readonly RuleHits[] {
    const hits = [...this.#hits].flatMap(([key, volume]) => {
      // What a limit saw was not decided by it: only what was over.
      if (this.#limits.has(key)) return [];
      return [{ rule_id: overLimit(key) ?? key, ...volume }];
    });
    this.#hits = new Map();
    return hits;
  }

  #hit(id: number, total: Volume): void {
    const old = this.#now.get(id) ?? ZERO;
    const { packets, bytes } = this.#hits.get(id) ?? ZERO;
    this.#hits.set(id, {
      packets: packets + Math.max(0, total.packets - old.packets),
      bytes: bytes + Math.max(0, total.bytes - old.bytes),
    });
  }

  /** Forgets all other rules: nothing can bring them back. */
  keepOnly(ids: ReadonlySet<number>): void {
    for (const map of [this.#before, this.#now])
      for (const key of map.keys()) if (!ids.has(overLimit(key) ?? key)) map.delete(key);
  }
}
