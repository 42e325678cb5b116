/** Creates and removes the levels of limits, which outlive the rule sets that use them. */
import { randomBytes } from 'node:crypto';
import { CONNECTION_STATE, LIMIT_STATE } from '@packetlog/bpf';
import { ERRNO } from '../../errors/errno.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { LimitStateCopy } from '../../ipc/rule-counts.ts';
import { objectId } from '../../native/bpf-objects.ts';
import { need } from '../../native/check.ts';
import { createFixedArray, innerMapId, putMap, takeMap } from '../../native/libbpf.ts';
import { closeDescriptor, jiffyNs, readShared, writeShared } from '../../native/libc.ts';
import type { Pins } from '../pinning/pins.ts';
import type { ImageLimit } from './image-limits.ts';
import { KernelJiffies } from './kernel-jiffies.ts';

const { seed, tick_ns, evictions, shape: shape_field, cells, table, wide } = LIMIT_STATE.fields;

interface Levels {
  /** Undefined for those of an earlier version, which did not pin them: only CAP_SYS_ADMIN could open them again. */
  readonly fd: number | undefined;
  /** One of `LIMIT_STATE.shapes`; undefined: unknown. */
  readonly shape: number | undefined;
}

/** Descriptors of the maps. */
export interface LimitMaps {
  /** The levels of each limit. */
  readonly limitStates: number;
  /** Connections that are not verified yet, of all limits. */
  readonly connections: number;
}

export class LimitStates {
  readonly #outer: number;
  readonly #connections: number;
  readonly #pins: Pick<Pins, 'addMap' | 'removeMap'>;
  /** By index, as far as they are known. */
  readonly #present = new Map<number, Levels>();
  #jiffies: KernelJiffies | undefined;

  /**
   * `slots`: counter slots that a limit may have had so far. `leftover`:
   * returns the descriptor of a map that the previous loader pinned.
   */
  constructor(
    { limitStates: outer, connections }: LimitMaps,
    pins: Pick<Pins, 'addMap' | 'removeMap'>,
    slots: Iterable<number> = [],
    leftover: (name: string) => number | undefined = () => undefined,
  ) {
    this.#outer = outer;
    this.#connections = connections;
    this.#pins = pins;
    for (const slot of slots) {
      const id = innerMapId(outer, slot);
      if (id.errno !== 0) continue;
      const fd = leftover(nameOf(slot));
      const isCurrent = fd !== undefined && objectId(fd) === id.value;
      this.#present.set(slot, isCurrent ? { fd, shape: shapeOf(fd) } : { fd: undefined, shape: undefined });
      if (isCurrent) pins.addMap({ name: nameOf(slot), fd });
      else if (fd !== undefined) closeDescriptor(fd);
    }
  }

  /**
   * Makes sure that each limit has levels of its shape: those in `fresh` get new ones. Call it before the rules are
   * published. Throws SetupError.
   */
  prepare(limits: readonly ImageLimit[], fresh: ReadonlySet<number>): void {
    for (const { counterSlot: slot, shape } of limits) {
      if (fresh.has(slot) || this.#present.get(slot)?.shape !== shape) this.#create(slot, shape);
    }
  }

  /** Removes the levels that no limit uses. Call it after the rules were published. */
  keepOnly(slots: ReadonlySet<number>): void {
    for (const [slot, { fd }] of this.#present) {
      if (slots.has(slot)) continue;
      const removed = takeMap(this.#outer, slot);
      if (removed.errno !== ERRNO.ENOENT) need(removed, 'clear limit', String(slot));
      this.#pins.removeMap(nameOf(slot));
      if (fd !== undefined) closeDescriptor(fd);
      this.#present.delete(slot);
    }
  }

  /** Copies the levels of a limit, in about 0.15 ms; undefined if they cannot be read. Throws SetupError. */
  read(slot: number): LimitStateCopy | undefined {
    const { fd, shape } = this.#present.get(slot) ?? {};
    if (fd === undefined || shape === undefined) return undefined;
    this.#jiffies ??= new KernelJiffies();
    const head = new Uint8Array(cells);
    const begin = shape === LIMIT_STATE.shapes.cells ? table : wide;
    const entries = new Uint8Array(LIMIT_STATE.size - begin);
    readShared(fd, 0, head);
    readShared(fd, begin, entries);
    const view = new DataView(head.buffer);
    const tickNs = view.getBigUint64(tick_ns, true);
    return {
      tickNs,
      nowNs: BigInt.asUintN(64, this.#jiffies.read() * tickNs),
      evictions: Number(view.getBigUint64(evictions, true)),
      ...(shape === LIMIT_STATE.shapes.connections && { evictedConnections: this.#evictedConnections() }),
      shape,
      table: entries,
    };
  }

  #evictedConnections(): number {
    const bytes = new Uint8Array(8);
    readShared(this.#connections, CONNECTION_STATE.fields.evicted, bytes);
    return Number(new DataView(bytes.buffer).getBigUint64(0, true));
  }

  #create(slot: number, shape: number): void {
    const created = createFixedArray('limit_state', LIMIT_STATE.size, 1);
    if (created.errno !== 0) throw noRoom(created.errno);
    const fd = created.value;
    try {
      const bytes = new Uint8Array(LIMIT_STATE.size);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(seed, randomBytes(8).readBigUInt64LE() | 1n, true);
      view.setBigUint64(tick_ns, jiffyNs(), true);
      view.setBigUint64(shape_field, BigInt(shape), true);
      writeShared(fd, bytes);
      const put = putMap(this.#outer, slot, fd);
      if (put.errno !== 0) throw noRoom(put.errno);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    const previous = this.#present.get(slot)?.fd;
    this.#present.set(slot, { fd, shape });
    if (previous !== undefined) closeDescriptor(previous);
    this.#pins.addMap({ name: nameOf(slot), fd });
  }
}

function shapeOf(fd: number): number {
  const bytes = new Uint8Array(8);
  readShared(fd, shape_field, bytes);
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

/** Of the pin of a limit's levels. */
function nameOf(slot: number): string {
  return `limit_${slot}`;
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
