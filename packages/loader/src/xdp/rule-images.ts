/** Puts compiled rule sets where the program reads them. rule-image.ts of @packetlog/bpf describes the layout. */
import { release } from 'node:os';
import { RULE_LINE, RULE_SLOTS } from '@packetlog/bpf';
import { describeErrno, ERRNO } from '../errors/errno.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { RuleSlot } from '../ipc/rule-slot.ts';
import { objectId } from '../native/bpf-objects.ts';
import { need } from '../native/check.ts';
import { createInnerArray, innerMapId, putMap, takeMap } from '../native/libbpf.ts';
import { closeDescriptor, readShared, writeShared } from '../native/libc.ts';
import { endRules, nodesOffset } from './end-rules.ts';

/** A map that was put in a slot. Its descriptor is open while it is there. */
interface Published {
  readonly id: number;
  readonly fd: number;
  /** Where its nodes begin, and the bytes of them. */
  readonly nodes: { readonly offset: number; readonly bytes: number };
}

const SLOTS = ['confirmed', 'provisional'] as const;

export class RuleImages {
  readonly #outer: number;
  /** By slot. Null: none; undefined: before the first time. */
  readonly #published: { -readonly [Slot in RuleSlot]?: Published | null } = {};

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
    } catch (error) {
      closeDescriptor(created.value);
      throw error;
    }
    const offset = nodesOffset(image);
    this.#keep(slot, {
      id: objectId(created.value),
      fd: created.value,
      nodes: { offset, bytes: image.length - offset },
    });
  }

  /**
   * Ends these rules in both slots, without replacing their images: the next packet passes them by. Each of them must have an
   * end. Throws SystemCallError; they may then have ended in one slot.
   */
  end(ids: ReadonlySet<number>): void {
    for (const slot of SLOTS) {
      const published = this.#published[slot];
      if (!published) continue;
      const { fd, nodes } = published;
      const bytes = new Uint8Array(nodes.bytes);
      readShared(fd, nodes.offset, bytes);
      // All other bytes stay the same. A program that reads an end meanwhile may still deny this one packet.
      if (endRules(bytes, ids)) writeShared(fd, bytes, nodes.offset);
    }
  }

  /** Empties a slot, with the guarantees of `publish`. */
  clear(slot: RuleSlot): void {
    const removed = takeMap(this.#outer, RULE_SLOTS[slot]);
    if (removed.errno !== ERRNO.ENOENT) need(removed, 'clear rules', slot);
    this.#keep(slot, null);
  }

  /**
   * Returns whether each slot in the kernel contains the map that was put there last. False before the first
   * publication.
   */
  areInForce(): boolean {
    return SLOTS.every((slot) => {
      const id = innerMapId(this.#outer, RULE_SLOTS[slot]);
      const published = this.#published[slot];
      return published !== undefined && (id.errno === 0 ? id.value : 0) === (published?.id ?? 0);
    });
  }

  #keep(slot: RuleSlot, published: Published | null): void {
    const before = this.#published[slot];
    this.#published[slot] = published;
    if (before) closeDescriptor(before.fd);
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
