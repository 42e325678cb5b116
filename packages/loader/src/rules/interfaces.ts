/** The interfaces that rules act on: their slots from when the program was loaded, and their current names. */
import type { Ledger } from '@packetlog/common';
import type { CompileTarget } from '../ipc/messages.ts';

export class Interfaces {
  readonly #slots: CompileTarget['interfaces'];
  #now: Ledger['interfaces'] = [];

  constructor({ interfaces }: CompileTarget) {
    this.#slots = interfaces;
  }

  /** Takes the interfaces of the drain thread's last report, in the order of the slots. */
  learn(now: Ledger['interfaces']): void {
    this.#now = now;
  }

  get names(): readonly string[] {
    return (this.#now.length > 0 ? this.#now : this.#slots).map(({ name }) => name);
  }

  get named(): CompileTarget['interfaces'] {
    return this.#slots.map(({ name, slot }, i) => ({ name: this.#now[i]?.name ?? name, slot }));
  }

  get slotsByIfindex(): ReadonlyMap<number, number> {
    return new Map(this.#now.map(({ ifindex }, i) => [ifindex, this.#slots[i]?.slot ?? 0]));
  }

  /** Packets that were seen on all interfaces. */
  get seen(): number {
    return this.#now.reduce((sum, { counters }) => sum + counters.seen, 0);
  }
}
