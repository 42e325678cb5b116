/** Sums the counters of rules over all CPUs, from mapped memory. */
import { RULE_COUNTER } from '@packetlog/bpf';
import type { RuleCount } from '../ipc/rule-counts.ts';

const WORDS = RULE_COUNTER.size / 8;
const { packets, bytes, last_seen_wall_ns } = RULE_COUNTER.fields;

const MOST_SLOTS = 16_384;
const FEWEST_SLOTS = 256;

/** Returns the number of counter slots: all counters take at most 1/256 of the memory. Slot 0 is not used. */
export function ruleCounterSlots(memoryBytes: number, cpus: number): number {
  const share = memoryBytes / 256 / RULE_COUNTER.size / cpus;
  return Math.max(FEWEST_SLOTS, Math.min(MOST_SLOTS, 2 ** Math.floor(Math.log2(share))));
}

export class RuleCounters {
  /** Number of slots, including slot 0, which belongs to no rule. */
  readonly size: number;
  readonly #words: BigUint64Array;
  /** The low half of each word: cheap to compare. */
  readonly #halves: Int32Array;
  readonly #cpus: number;
  /** For each slot and CPU, the low half of its packet count at the last `changed`. */
  readonly #seen: Int32Array;

  /** `memory`: `struct rule_counter` at slot * cpus + cpu, 8-byte aligned. */
  constructor(memory: Uint8Array, cpus: number) {
    this.size = memory.byteLength / RULE_COUNTER.size / cpus;
    this.#words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.byteLength / 8);
    this.#halves = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);
    this.#cpus = cpus;
    this.#seen = new Int32Array(this.size * cpus);
  }

  /**
   * Returns the slots that counted since the last call; the first call on memory that was used before returns all that
   * ever counted.
   */
  changed(): RuleCount[] {
    const counts: RuleCount[] = [];
    for (let slot = 1; slot < this.size; slot++) if (this.#hasChanged(slot)) counts.push(this.read(slot));
    return counts;
  }

  read(slot: number): RuleCount {
    const sum = { slot, packets: 0, bytes: 0, last_seen_ms: 0 };
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      sum.packets += this.#load(slot, cpu, packets);
      sum.bytes += this.#load(slot, cpu, bytes);
      sum.last_seen_ms = Math.max(sum.last_seen_ms, Math.floor(this.#load(slot, cpu, last_seen_wall_ns) / 1e6));
    }
    return sum;
  }

  /** Zeroes counters. Only for slots that no published image uses: the program adds without a lock. */
  zero(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#words.fill(0n, slot * this.#cpus * WORDS, (slot + 1) * this.#cpus * WORDS);
      this.#seen.fill(0, slot * this.#cpus, (slot + 1) * this.#cpus);
    }
  }

  #hasChanged(slot: number): boolean {
    let changed = false;
    for (let at = slot * this.#cpus; at < (slot + 1) * this.#cpus; at++) {
      const now = this.#halves[at * WORDS * 2] ?? 0;
      changed ||= now !== this.#seen[at];
      this.#seen[at] = now;
    }
    return changed;
  }

  #load(slot: number, cpu: number, field: number): number {
    return Number(Atomics.load(this.#words, (slot * this.#cpus + cpu) * WORDS + field / 8));
  }
}
