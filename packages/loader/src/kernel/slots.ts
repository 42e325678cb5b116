/** Which slot of the counters an interface has. It keeps it while it is gone, so that its counts go on when it returns. */
import { INTERFACE_SLOTS } from '@packetlog/bpf';
import { SetupError } from '../setup-error.ts';

/** Without these it would be rejected, too: rules and pins of a network namespace belong to one loader each. */
const APART = 'with a state directory (PACKETLOG_STATE_DIR) and a bpf file system (--bpf-fs) of its own';

export class SlotTable {
  /** Shared with the program: slot by the low 16 bits of an ifindex, 0 = none. */
  readonly #table: Uint8Array;
  /** Entry of the table by slot. */
  readonly #entries = new Map<number, number>();
  #used = 0;

  constructor(table: Uint8Array) {
    this.#table = table;
  }

  /**
   * Goes on with the table of a loader before: `living` are interfaces whose packets the program counts already, and
   * `used` is the highest slot that was given away. What else is in the table is of interfaces that are gone.
   */
  resume(living: readonly { slot: number; ifindex: number }[], used: number): void {
    for (const { slot, ifindex } of living) this.#entries.set(slot, ifindex % this.#table.length);
    this.#used = Math.max(used, ...living.map(({ slot }) => slot));
    for (let entry = 0; entry < this.#table.length; entry++) {
      const slot = this.#table[entry] ?? 0;
      if (slot !== 0 && this.#entries.get(slot) !== entry) this.#table[entry] = 0;
    }
  }

  /**
   * Call before attaching: packets of `ifindex` are counted in the slot returned from now on.
   * `before`: the slot that the interface had when it was there before, 0 for a new one.
   */
  assign(name: string, ifindex: number, before = 0): number {
    const entry = ifindex % this.#table.length;
    const owner = this.#table[entry] ?? 0;
    const slot = before || this.#used + 1;
    if (slot >= INTERFACE_SLOTS) {
      throw new SetupError({
        step: 'watch',
        target: name,
        problem: `${INTERFACE_SLOTS - 1} interfaces are watched already`,
        next: `Start another packetlog for the others, ${APART}.`,
        exit: 'usage',
      });
    }
    if (owner !== 0 && owner !== slot) {
      throw new SetupError({
        step: 'watch',
        target: name,
        problem: `its ifindex ${ifindex} collides with that of another watched interface`,
        next: `Start another packetlog for it, ${APART}.`,
        exit: 'usage',
      });
    }
    // Not even for a moment may an interface that is watched already have none.
    if (this.#entries.get(slot) !== entry) this.release(slot);
    this.#used = Math.max(this.#used, slot);
    this.#table[entry] = slot;
    this.#entries.set(slot, entry);
    return slot;
  }

  /** Call when the interface is gone: its ifindex may be another's. The counts stay. */
  release(slot: number): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    this.#table[entry] = 0;
    this.#entries.delete(slot);
  }
}
