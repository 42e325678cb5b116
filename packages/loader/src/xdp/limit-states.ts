/** Creates and removes the levels of limits, which outlive the rule sets that use them. */
import { randomBytes } from 'node:crypto';
import { LIMIT_STATE } from '@packetlog/bpf';
import { ERRNO } from '../errors/errno.ts';
import { SetupError } from '../errors/setup-error.ts';
import { need } from '../native/check.ts';
import { createFixedArray, innerMapId, putMap, takeMap } from '../native/libbpf.ts';
import { closeDescriptor, jiffyNs, writeShared } from '../native/libc.ts';

export class LimitStates {
  readonly #outer: number;
  /** Indexes with levels, as far as they are known. */
  readonly #present = new Set<number>();

  /** `outer`: descriptor of the map `limit_states`. `slots`: counter slots that a limit may have had so far. */
  constructor(outer: number, slots: Iterable<number> = []) {
    this.#outer = outer;
    for (const slot of slots) if (innerMapId(outer, slot).errno === 0) this.#present.add(slot);
  }

  /**
   * Makes sure that each limit has levels: those in `fresh` get new ones. Call it before the rules are published. Throws
   * SetupError.
   */
  prepare(slots: readonly number[], fresh: ReadonlySet<number>): void {
    for (const slot of slots) if (fresh.has(slot) || !this.#present.has(slot)) this.#create(slot);
  }

  /** Removes the levels that no limit uses. Call it after the rules were published. */
  keepOnly(slots: ReadonlySet<number>): void {
    for (const slot of this.#present) {
      if (slots.has(slot)) continue;
      const removed = takeMap(this.#outer, slot);
      if (removed.errno !== ERRNO.ENOENT) need(removed, 'clear limit', String(slot));
      this.#present.delete(slot);
    }
  }

  #create(slot: number): void {
    const created = createFixedArray('limit_state', LIMIT_STATE.size, 1);
    if (created.errno !== 0) throw noRoom(created.errno);
    try {
      const { seed, tick_ns } = LIMIT_STATE.fields;
      const bytes = new Uint8Array(LIMIT_STATE.size);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(seed, randomBytes(8).readBigUInt64LE() | 1n, true);
      view.setBigUint64(tick_ns, jiffyNs(), true);
      writeShared(created.value, bytes);
      const put = putMap(this.#outer, slot, created.value);
      if (put.errno !== 0) throw noRoom(put.errno);
      this.#present.add(slot);
    } finally {
      closeDescriptor(created.value);
    }
  }
}

function noRoom(errno: number): SetupError {
  return new SetupError({
    step: 'make',
    target: `limit (${LIMIT_STATE.size} bytes)`,
    errno,
    next: 'Use fewer limits; before Linux 5.11 also: ulimit -l unlimited.',
    exit: 'failed',
  });
}
