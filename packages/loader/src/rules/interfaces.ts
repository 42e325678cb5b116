/** Tracks the interfaces that rules act on: their slots, fixed when the program was loaded, and their current names. */
import type { Ledger } from '@packetlog/common';
import type { CompileTarget } from '../ipc/messages.ts';

export class Interfaces {
  readonly #slots: CompileTarget['interfaces'];
  #current: Ledger['interfaces'] = [];

  constructor({ interfaces }: CompileTarget) {
    this.#slots = interfaces;
  }

  /** Updates the interfaces from the drain thread's last report, which is in the order of the slots. */
  learn(interfaces: Ledger['interfaces']): void {
    this.#current = interfaces;
  }

  get names(): readonly string[] {
    return (this.#current.length > 0 ? this.#current : this.#slots).map(({ name }) => name);
  }

  get named(): CompileTarget['interfaces'] {
    return this.#slots.map(({ name, slot }, i) => ({ name: this.#current[i]?.name ?? name, slot }));
  }

  get slotsByIfindex(): ReadonlyMap<number, number> {
    return new Map(this.#current.map(({ ifindex }, i) => [ifindex, this.#slots[i]?.slot ?? 0]));
  }

  /** Number of packets seen on all interfaces. */
  get seen(): number {
    return this.#current.reduce((sum, { counters }) => sum + counters.seen, 0);
  }
}
