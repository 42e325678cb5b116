/**
 * Maps counter slots to rules. The program does not read it: it is stored with the counters for a loader that takes
 * over, so that rules continue counting from their current values.
 */

import { overKey, overLimit } from '../ipc/counter-keys.ts';
import { need } from '../native/check.ts';
import { createInnerArray } from '../native/libbpf.ts';
import { mapShared, pageSize } from '../native/libc.ts';

/** Name of the map. */
export const RULE_OWNERS = 'rule_owners';
const ID_BYTES = 4;
/** Of the word after the id: the slot counts what is over the limit. */
const OVER = 1;

export class RuleOwners {
  readonly fd: number;
  readonly #ids: Uint32Array;

  private constructor(fd: number, ids: Uint32Array) {
    this.fd = fd;
    this.#ids = ids;
  }

  /** `kept`: the previous loader's map, of the same size. */
  static open(slots: number, kept: number | undefined): RuleOwners {
    const fd = kept ?? need(createInnerArray(RULE_OWNERS, ID_BYTES, slots), 'create map', RULE_OWNERS);
    // The kernel gives each value eight bytes.
    const page = pageSize();
    const memory = mapShared(fd, 0, Math.ceil((slots * 8) / page) * page, 'read-write');
    return new RuleOwners(fd, new Uint32Array(memory.buffer, memory.byteOffset, slots * 2));
  }

  /** `slots`: counter slot by rule, and by `overKey` of limits. */
  assign(slots: ReadonlyMap<number, number>): void {
    for (const [key, slot] of slots) {
      const limit = overLimit(key);
      this.#ids[slot * 2] = limit ?? key;
      this.#ids[slot * 2 + 1] = limit === undefined ? 0 : OVER;
    }
  }

  /** Returns counter slot by rule, and by `overKey` of limits; may include deleted rules. */
  slots(): Map<number, number> {
    const slots = new Map<number, number>();
    for (let slot = 1; slot * 2 < this.#ids.length; slot++) {
      const id = this.#ids[slot * 2] ?? 0;
      if (id !== 0) slots.set(this.#ids[slot * 2 + 1] === OVER ? overKey(id) : id, slot);
    }
    return slots;
  }
}
