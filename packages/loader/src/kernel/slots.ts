/** Which slot of the counters an interface has. Slots belong to names, so counts go on when an interface returns. */
import { INTERFACE_SLOTS } from '@packetlog/bpf';
import { SetupError } from '../setup-error.ts';

export class SlotTable {
  /** Shared with the program: slot by the low 16 bits of an ifindex, 0 = none. */
  readonly #table: Uint8Array;
  readonly #byName = new Map<string, number>();
  readonly #indexes = new Map<string, number>();
  #used = 0;

  constructor(table: Uint8Array) {
    this.#table = table;
  }

  /** Call before attaching: packets of `ifindex` are counted in the slot of `name` from now on. */
  assign(name: string, ifindex: number): number {
    const entry = ifindex % this.#table.length;
    const owner = this.#table[entry] ?? 0;
    const slot = this.#byName.get(name) ?? this.#used + 1;
    if (slot >= INTERFACE_SLOTS) {
      throw new SetupError({
        step: 'watch',
        target: name,
        problem: `${INTERFACE_SLOTS - 1} interfaces are watched already`,
        next: 'Start a second packetlog for the others.',
        exit: 'usage',
      });
    }
    if (owner !== 0 && owner !== slot) {
      throw new SetupError({
        step: 'watch',
        target: name,
        problem: `its ifindex ${ifindex} collides with that of another watched interface`,
        next: 'Start a second packetlog for it.',
        exit: 'usage',
      });
    }
    this.release(name);
    this.#used = Math.max(this.#used, slot);
    this.#table[entry] = slot;
    this.#byName.set(name, slot);
    this.#indexes.set(name, entry);
    return slot;
  }

  /** The interface is gone; its counts stay readable. */
  release(name: string): void {
    const entry = this.#indexes.get(name);
    if (entry === undefined) return;
    this.#table[entry] = 0;
    this.#indexes.delete(name);
  }

  /** The slot and its counts go on under another name. */
  rename(from: string, to: string): void {
    for (const map of [this.#byName, this.#indexes]) {
      const value = map.get(from);
      if (value === undefined) continue;
      map.delete(from);
      map.set(to, value);
    }
  }
}
