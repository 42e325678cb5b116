/** Sums the kernel's counters of an interface over all CPUs, from mapped memory, without a system call. */
import { COUNTERS, REASON_COUNTERS } from '@packetlog/bpf';
import type { InterfaceLedger } from '@packetlog/common';

const WORDS = COUNTERS.size / 8;

export class InterfaceCounters {
  readonly #words: BigUint64Array;
  readonly #cpus: number;

  /** `memory`: `struct interface_counters` at slot * cpus + cpu, 8-byte aligned. */
  constructor(memory: Uint8Array, cpus: number) {
    this.#words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.byteLength / 8);
    this.#cpus = cpus;
  }

  /**
   * Returns the sums of a slot, which are exact once no program runs. While packets arrive, the fields are read one
   * after the other: `seen`, which the program counts first, is read last, so that the others never exceed it.
   */
  read(slot: number): InterfaceLedger {
    const sum = (field: keyof Omit<typeof COUNTERS.fields, 'reasons'>) => this.#sum(slot, COUNTERS.fields[field]);
    const emitted = sum('emitted');
    const sampled_out = sum('sampled_out');
    const filtered_out = sum('filtered_out');
    const ring_full = sum('ring_full');
    const permitted = sum('permitted');
    const denied = sum('denied');
    const aborted = sum('aborted');
    const denied_bytes = sum('denied_bytes');
    const bytes = sum('bytes');
    const seen = sum('seen');
    return { seen, permitted, denied, aborted, emitted, sampled_out, filtered_out, ring_full, bytes, denied_bytes };
  }

  seen(slot: number): number {
    return this.#sum(slot, COUNTERS.fields.seen);
  }

  ringFull(slot: number): number {
    return this.#sum(slot, COUNTERS.fields.ring_full);
  }

  /** Returns packets by reason number; index 0 is always 0. */
  reasons(slot: number): number[] {
    return Array.from({ length: REASON_COUNTERS }, (_, reason) =>
      this.#sum(slot, COUNTERS.fields.reasons + reason * 8),
    );
  }

  #sum(slot: number, offset: number): number {
    let total = 0n;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      total += Atomics.load(this.#words, (slot * this.#cpus + cpu) * WORDS + offset / 8);
    }
    return Number(total);
  }
}
