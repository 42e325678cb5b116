/** Puts compiled rule sets where the program reads them. rule-image.ts of @packetlog/bpf describes the layout. */
import { release } from 'node:os';
import { RULE_LINE, RULE_SLOTS } from '@packetlog/bpf';
import { describeErrno, ERRNO } from '../errors/errno.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { RuleSlot } from '../ipc/rule-slot.ts';
import { objectId } from '../native/bpf-objects.ts';
import { need } from '../native/check.ts';
import { createInnerArray, innerMapId, putMap, takeMap } from '../native/libbpf.ts';
import { closeDescriptor, writeShared } from '../native/libc.ts';

export class RuleImages {
  readonly #outer: number;
  /** Ids of the maps that were put there, by slot; 0 for none, undefined before the first time. */
  readonly #published: { -readonly [Slot in RuleSlot]?: number } = {};

  /** `outer`: descriptor of the map `rule_images`. */
  constructor(outer: number) {
    this.#outer = outer;
  }

  /**
   * Replaces the image in a slot. When this returns, no packet is checked against the old image; no packet is ever
   * checked against a partial one. Throws SetupError; the slot is then unchanged.
   */
  publish(slot: RuleSlot, image: Uint8Array): void {
    const lines = image.length / RULE_LINE.size;
    if (!Number.isInteger(lines) || lines < 1) throw new RangeError(`a rule image of ${image.length} bytes`);
    const created = createInnerArray('rule_image', RULE_LINE.size, lines);
    if (created.errno !== 0) {
      throw new SetupError({
        step: 'make',
        target: `rule image (${image.length} bytes)`,
        errno: created.errno,
        next: 'Use smaller sets or fewer port rules; before Linux 5.11 also: ulimit -l unlimited.',
        exit: 'failed',
      });
    }
    try {
      writeShared(created.value, image);
      const put = putMap(this.#outer, RULE_SLOTS[slot], created.value);
      if (put.errno !== 0) throw rejectedImage(slot, put.errno);
      this.#published[slot] = objectId(created.value);
    } finally {
      closeDescriptor(created.value);
    }
  }

  /** Empties a slot, with the guarantees of `publish`. */
  clear(slot: RuleSlot): void {
    const removed = takeMap(this.#outer, RULE_SLOTS[slot]);
    if (removed.errno !== ERRNO.ENOENT) need(removed, 'clear rules', slot);
    this.#published[slot] = 0;
  }

  /**
   * Returns whether each slot in the kernel contains the map that was put there last. False before the first
   * publication.
   */
  areInForce(): boolean {
    return (['confirmed', 'provisional'] as const).every((slot) => {
      const id = innerMapId(this.#outer, RULE_SLOTS[slot]);
      return (id.errno === 0 ? id.value : 0) === this.#published[slot];
    });
  }
}

function rejectedImage(slot: RuleSlot, errno: number): SetupError {
  return new SetupError({
    step: 'put in force',
    target: `${slot} rules`,
    problem: `Linux ${release()} rejected the compiled rules with ${describeErrno(errno)}`,
    errno,
    next: 'Please report this with the version of the kernel.',
    exit: 'unsupported',
  });
}
