/**
 * Assigns a counter slot to each interface. An interface keeps its slot while it is gone, so that its counts continue
 * when it returns. The table also has the link layer of its frames (`SLOT_LINK`).
 */
import { INTERFACE_SLOTS, SLOT_LINK, SLOT_TABLE, SLOT_TABLE_SIZE } from '@packetlog/bpf';
import { SetupError } from '../errors/setup-error.ts';

/**
 * Without these the second loader would be rejected, too: rules and pins of a network namespace belong to one loader.
 */
const APART = 'with its own state directory (PACKETLOG_STATE_DIR) and bpf file system (--bpf-fs)';

/** `bond`: frames arrive under the ifindexes of its members, where the program is attached natively. */
export type SlotKind = 'ethernet' | 'ip' | 'bond';

const SLOT = INTERFACE_SLOTS - 1;
const byteOf = (slot: number, kind: SlotKind) => slot | (kind === 'ip' ? SLOT_LINK.ip : SLOT_LINK.ethernet);

export class SlotTable {
  /** Shared with the program: `struct interface_slots`. */
  readonly #table: Uint8Array;
  readonly #owners: Uint32Array;
  /** Table entry by slot. */
  readonly #entries = new Map<number, number>();
  /** Value of the entries of unwatched interfaces: 0, or the slot of a bond with the member flag. */
  #others = 0;
  #used = 0;

  constructor(memory: Uint8Array) {
    this.#table = memory.subarray(0, SLOT_TABLE_SIZE);
    this.#owners = new Uint32Array(memory.buffer, memory.byteOffset + SLOT_TABLE.fields.owners, INTERFACE_SLOTS);
  }

  /**
   * Continues with the previous loader's table: `living` are interfaces whose packets the program counts already, and
   * `used` is the highest slot that was assigned. Everything else in the table belongs to interfaces that are gone.
   */
  resume(living: readonly { slot: number; ifindex: number; kind: SlotKind }[], used: number): void {
    for (const { slot, ifindex } of living) this.#entries.set(slot, ifindex % this.#table.length);
    this.#used = Math.max(used, ...living.map(({ slot }) => slot));
    const bond = living.find(({ kind }) => kind === 'bond');
    this.#others = bond ? bond.slot | SLOT_LINK.member : 0;
    for (let entry = 0; entry < this.#table.length; entry++) {
      const byte = this.#table[entry] ?? 0;
      if (byte !== this.#others && this.#entries.get(byte & SLOT) !== entry) this.#table[entry] = this.#others;
    }
  }

  /** Returns the ifindex that a slot was last assigned to; 0 for none. */
  ownerOf(slot: number): number {
    return this.#owners[slot] ?? 0;
  }

  /**
   * Reserves a slot for an interface that does not exist yet; pass it to `assign` as `before`. Throws SetupError if
   * there is none left.
   */
  reserve(name: string): number {
    const slot = this.#used + 1;
    if (slot >= INTERFACE_SLOTS) throw noSlotLeft(name);
    this.#used = slot;
    return slot;
  }

  /**
   * Call before attaching: from now on packets of `ifindex` are counted in the slot returned. `before`: the slot that
   * the interface had earlier, 0 for a new interface.
   */
  assign(name: string, ifindex: number, before = 0, kind: SlotKind = 'ethernet'): number {
    const entry = ifindex % this.#table.length;
    const owner = this.#slotAt(entry);
    const slot = before || this.#used + 1;
    if (slot >= INTERFACE_SLOTS) throw noSlotLeft(name);
    if (owner !== 0 && owner !== slot) {
      throw new SetupError({
        step: 'watch',
        target: name,
        problem: `its ifindex ${ifindex} collides with that of another watched interface`,
        next: `Start another packetlog for it, ${APART}.`,
        exit: 'usage',
      });
    }
    // An interface that is already watched must have a slot at every moment.
    if (this.#entries.get(slot) !== entry) this.release(slot);
    this.#used = Math.max(this.#used, slot);
    this.#owners[slot] = ifindex;
    this.#table[entry] = byteOf(slot, kind);
    this.#entries.set(slot, entry);
    if (kind === 'bond') this.#setOthers(slot | SLOT_LINK.member);
    else if (this.#others === (slot | SLOT_LINK.member)) this.#setOthers(0);
    return slot;
  }

  /**
   * Whether this slot can belong to a bond whose members carry the program. The kernel puts the program on a member
   * before it notifies the loader, so every unwatched ifindex counts as a member; two bonds would be indistinguishable.
   */
  canAdopt(slot: number): boolean {
    return this.#others === 0 || this.#others === (slot | SLOT_LINK.member);
  }

  /** Call when the interface is gone: another interface may get its ifindex. The counts stay. */
  release(slot: number): void {
    const entry = this.#entries.get(slot);
    if (this.#others === (slot | SLOT_LINK.member)) this.#setOthers(0);
    if (entry === undefined) return;
    this.#table[entry] = this.#others;
    this.#entries.delete(slot);
  }

  #slotAt(entry: number): number {
    const slot = (this.#table[entry] ?? 0) & SLOT;
    return this.#entries.get(slot) === entry ? slot : 0;
  }

  #setOthers(byte: number): void {
    if (byte === this.#others) return;
    this.#others = byte;
    const watched = new Set(this.#entries.values());
    for (let entry = 0; entry < this.#table.length; entry++) if (!watched.has(entry)) this.#table[entry] = byte;
  }
}

function noSlotLeft(name: string): SetupError {
  return new SetupError({
    step: 'watch',
    target: name,
    problem: `${INTERFACE_SLOTS - 1} interfaces are watched already`,
    next: `Start another packetlog for the others, ${APART}.`,
    exit: 'usage',
  });
}
