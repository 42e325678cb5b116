/** Runs frames through the loaded program, a batch at a time, and completes their records with the capture's facts. */
import { INTERFACE_SLOTS, RUNTIME, SLOT_LINK, SLOT_TABLE, SLOT_TABLE_SIZE } from '@packetlog/bpf';
import {
  ACTIONS,
  type InterfaceLedger,
  PACKET_LOG_FIELDS,
  PACKET_LOG_SIZE,
  type PacketLogFieldName,
} from '@packetlog/common';
import type { SeenFrame } from '../capture-file/seen-frame.ts';
import type { RequestedTransport } from '../ipc/settings.ts';
import { monotonicTime } from '../native/libc.ts';
import { ProgramTestRun } from '../native/program-test-run.ts';
import { toKernelMonotonic } from '../system/time-namespace.ts';
import { InterfaceCounters } from '../xdp/interface-counters.ts';
import { type LoadedProgram, loadProgram } from '../xdp/program.ts';
import { RuleImages } from '../xdp/rule-images.ts';

/** Frames whose records wait in the rings. */
export const BATCH_FRAMES = 2048;
/** A quarter of this, the ring of denied packets, holds the records of a batch, with the overhead of any transport. */
const RING_BYTES = 1 << 20;
/** The interface of a test run without a context: loopback, which has this ifindex in every network namespace. */
const LOOPBACK_IFINDEX = 1;
const MAX_LENGTH = 0xffff;

const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<PacketLogFieldName, number>
>;

export interface ReplayBatch {
  /** Records in the order of the frames, 64 bytes each. Valid until the next batch. */
  readonly bytes: Uint8Array;
  readonly count: number;
}

export class ReplayProgram {
  readonly #loaded: LoadedProgram;
  readonly #testRun: ProgramTestRun;
  readonly #images: RuleImages;
  readonly #counters: InterfaceCounters;
  readonly #owners: Uint32Array;
  readonly #runtime: DataView;
  /** Facts of the frames in this batch. */
  readonly #timestamps = new BigUint64Array(BATCH_FRAMES);
  readonly #lengths = new Uint32Array(BATCH_FRAMES);
  readonly #slots = new Uint8Array(BATCH_FRAMES);
  #frames = 0;
  /** Bytes that the program did not get, by slot: all, and those of denied frames. */
  readonly #cutBytes = new Float64Array(INTERFACE_SLOTS);
  readonly #cutDenied = new Float64Array(INTERFACE_SLOTS);
  readonly #records = new Uint8Array(BATCH_FRAMES * PACKET_LOG_SIZE);
  readonly #view = new DataView(this.#records.buffer);
  readonly #isThere = new Uint8Array(BATCH_FRAMES);

  /**
   * Loads the program; attaches and pins nothing. `oneBuffer`: the program for frames in one buffer, even if the kernel
   * has the other one. Throws SetupError.
   */
  constructor(transport: RequestedTransport, oneBuffer: boolean) {
    const loaded = loadProgram({
      transport,
      ringBytes: RING_BYTES,
      logPermits: true,
      clock: 'cached',
      sample: 1,
    });
    this.#loaded = loaded;
    this.#testRun = new ProgramTestRun(oneBuffer ? { single: loaded.single, frags: undefined } : loaded);
    this.#images = new RuleImages(loaded.ruleImages);
    this.#counters = new InterfaceCounters(loaded.counters, loaded.cpus);
    const { slots, runtime } = loaded;
    this.#owners = new Uint32Array(slots.buffer, slots.byteOffset + SLOT_TABLE.fields.owners, INTERFACE_SLOTS);
    this.#runtime = new DataView(runtime.buffer, runtime.byteOffset, RUNTIME.size);
  }

  get cpus(): number {
    return this.#loaded.cpus;
  }

  get isFull(): boolean {
    return this.#frames === BATCH_FRAMES;
  }

  /** Puts compiled rules in force; undefined: none. */
  setRules(image: Uint8Array | undefined): void {
    if (image === undefined) this.#images.clear('confirmed');
    else this.#images.publish('confirmed', image);
  }

  /** Sets the time at which rules see the following frames. The clock goes on from there. */
  setTime(wallNs: bigint): void {
    const offset = wallNs - toKernelMonotonic(monotonicTime());
    this.#runtime.setBigInt64(RUNTIME.fields.clock_offset_ns, offset, true);
  }

  /** Runs a frame as one of the interface with this slot (1 to 63). Call `take` when the batch is full. */
  run({ link, bytes, length }: SeenFrame, timestampNs: bigint, slot: number): void {
    const frame = this.#frames++;
    this.#timestamps[frame] = timestampNs;
    this.#lengths[frame] = length;
    this.#slots[frame] = slot;
    // The record names the slot's owner: the frame's number, by which `take` finds it whichever CPU ran the program.
    this.#loaded.slots[LOOPBACK_IFINDEX % SLOT_TABLE_SIZE] = slot | SLOT_LINK[link] | SLOT_LINK.member;
    this.#owners[slot] = frame;
    const action = this.#testRun.run(bytes);
    const cut = length - Math.min(bytes.length, this.#testRun.mostBytes);
    this.#cutBytes[slot] = (this.#cutBytes[slot] ?? 0) + cut;
    if (action === ACTIONS.deny) this.#cutDenied[slot] = (this.#cutDenied[slot] ?? 0) + cut;
  }

  /** Returns the records of the batch, with timestamp, length and slot (as ifindex) of their frames, and begins the next. */
  take(): ReplayBatch {
    const frames = this.#frames;
    this.#frames = 0;
    this.#isThere.fill(0, 0, frames);
    for (const ring of this.#loaded.transport.rings) {
      const sink = (memory: Uint8Array, start: number, count: number) => {
        for (let i = 0; i < count; i++) this.#place(memory, start + i * ring.stride + ring.recordOffset);
      };
      ring.drain(sink, ring.capacity);
      ring.commit('holdLast');
    }
    let count = 0;
    for (let frame = 0; frame < frames; frame++) {
      if (this.#isThere[frame] === 0) continue;
      if (count < frame)
        this.#records.copyWithin(count * PACKET_LOG_SIZE, frame * PACKET_LOG_SIZE, (frame + 1) * PACKET_LOG_SIZE);
      count++;
    }
    return { bytes: this.#records, count };
  }

  /** Returns the sums of an interface, with the whole length of cut frames. */
  ledger(slot: number): InterfaceLedger {
    const sums = this.#counters.read(slot);
    return {
      ...sums,
      bytes: sums.bytes + (this.#cutBytes[slot] ?? 0),
      denied_bytes: sums.denied_bytes + (this.#cutDenied[slot] ?? 0),
    };
  }

  #place(memory: Uint8Array, at: number): void {
    const frame = ifindexOf(memory, at);
    const start = frame * PACKET_LOG_SIZE;
    this.#records.set(memory.subarray(at, at + PACKET_LOG_SIZE), start);
    this.#isThere[frame] = 1;
    this.#view.setBigUint64(start + OFFSET.timestamp_ns, this.#timestamps[frame] ?? 0n, true);
    this.#view.setUint32(start + OFFSET.ifindex, this.#slots[frame] ?? 0, true);
    this.#view.setUint16(start + OFFSET.length, Math.min(MAX_LENGTH, this.#lengths[frame] ?? 0), true);
  }
}

function ifindexOf(memory: Uint8Array, at: number): number {
  const first = at + OFFSET.ifindex;
  return (memory[first] ?? 0) | ((memory[first + 1] ?? 0) << 8);
}
