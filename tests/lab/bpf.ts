/**
 * Loads the compiled XDP object into the kernel and runs it on single frames with BPF_PROG_TEST_RUN: without an
 * interface. Names and layouts come from @packetlog/bpf; the loading code is separate from the loader's.
 */
import { readFileSync } from 'node:fs';
import {
  CONNECTION_STATE,
  COUNTERS,
  INTERFACE_SLOTS,
  KNOBS,
  LIMIT_STATE,
  LIMIT_WIDE_ENTRY,
  MAPS,
  OBJECT_PATH,
  PROGRAMS,
  REASON_COUNTERS,
  RULE_COUNTER,
  RULE_LINE,
  RUNTIME,
  SLOT_LINK,
  SLOT_TABLE,
} from '@packetlog/bpf';
import { C, call, checked, closeDescriptor, mapDescriptor, NativeError, unmap } from './native.ts';
import { createRing } from './ring.ts';
import { testRunner } from './test-run.ts';

/** Loopback's ifindex in every network namespace: the interface of a test run without a context. */
export const LOOPBACK_IFINDEX = 1;
const LOOPBACK_SLOT = 3;
const RING_BYTES = 1 << 20;
const RULE_COUNTER_SLOTS = 1024;
/** The least level after `advanceWide`: an arrival time of 0 is that of a new entry. */
export const EMPTY_NS = 2n;
const LAB_SEED = 0x9e37_79b9_7f4a_7c15n;
const SLOTS_BYTES = Math.ceil(SLOT_TABLE.size / 4096) * 4096;

/**
 * Bytes of a frame that a test run puts into its first buffer, the only one the program can read directly: a page less
 * the headroom (XDP_PACKET_HEADROOM) and struct skb_shared_info (net/bpf/test_run.c). A program without support for
 * multiple buffers sees no more than this of a longer frame.
 */
export const FIRST_BUFFER = 4096 - 256 - 320;

/** Programs of the kernel ring transport, whose records can be taken without the loader's reader. */
const RING_PROGRAMS = PROGRAMS.ring;
type ProgramName = keyof typeof RING_PROGRAMS;
type CounterName = Exclude<keyof typeof COUNTERS.fields, 'reasons'>;
export type Counters = Record<CounterName, number> & { readonly reasons: readonly number[] };

export interface LoadedProgram {
  /** Runs the program once and returns its result. Throws NativeError when the kernel rejects the frame. */
  run(frame: Uint8Array): number;
  /** Runs the program `repeat` times on the same frame and returns the kernel's own average, in ns. */
  measure(frame: Uint8Array, repeat: number): number;
  /** Copies the records since the last call: oldest first, CPU by CPU. */
  takeRecords(): Uint8Array[];
  /** Returns the counters of the loopback interface, summed over CPUs. */
  counters(): Counters;
  /** Returns the number of packets that found no counters. */
  unaccounted(): number;
  /** Puts a ruleset image into a slot of `rule_images`; undefined removes the one there. */
  putRules(slot: number, image: Uint8Array | undefined): void;
  /** Creates empty levels of the limit with this counter slot. `tickNs`: ns of a jiffy; 0 stops its time. */
  putLimit(slot: number, tickNs: bigint, shape?: LimitShape): LimitLevels;
  /** Returns the number of pending connections that were given up. */
  evictedConnections(): number;
  /** The kernel's number of the program. */
  readonly id: number;
  /** Returns the packets and bytes decided by the rule with this counter slot. */
  ruleCounter(slot: number): { packets: number; bytes: number; lastSeenNs: number };
  /** Sets the offset that the program adds to the monotonic clock from now on. */
  setClockOffset(ns: bigint): void;
  /** Sets where packets of the loopback interface are counted, and which interface rules see. */
  setInterfaceSlot(slot: number): void;
  /** Sets what frames of the loopback interface begin with, and the interface number of their records (`SLOT_LINK`). */
  setLink(link: keyof typeof SLOT_LINK, owner?: number): void;
  /** Returns the counters of interfaces without a slot, and the last such interface. */
  unwatched(): { seen: number; ifindex: number };
  close(): void;
}

export type LimitShape = keyof typeof LIMIT_STATE.shapes;

export interface LimitLevels {
  setTick(ns: bigint): void;
  /** Lets time pass for levels whose tick is 0: their time stands still otherwise. `cellShift`: as in the image. */
  advance(ns: bigint, cellShift: number): void;
  /** The same for levels of connections or ports. */
  advanceWide(ns: bigint): void;
  evictions(): number;
  /** Returns a copy of the entries. */
  table(): Uint8Array;
  close(): void;
}

interface LoadOptions {
  readonly program: ProgramName;
  /** Added to the monotonic clock. */
  readonly clockOffsetNs?: bigint;
  readonly logPermits?: boolean;
  readonly ringBytes?: number;
}

/** Returns the number of possible CPUs, from a list such as "0-3,8". */
function possibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'utf8');
  return Math.max(...list.trim().split(/[,-]/).map(Number)) + 1;
}

function pointer(step: string, ...parameters: [number, unknown][]): number {
  const { value, errno } = call('libbpf', step, C.pointer, ...(parameters as Parameters<typeof checked>[2][]));
  if (value === 0) throw new NativeError(`${step} ${String(parameters.at(-1)?.[1])}`, errno);
  return value;
}

function u32s(fields: Record<string, number>, size: number, values: Record<string, number>): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [name, offset] of Object.entries(fields)) {
    new DataView(bytes.buffer).setUint32(offset, values[name] ?? 0, true);
  }
  return bytes;
}

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

export function loadProgram(options: LoadOptions): LoadedProgram {
  const cpus = possibleCpus();
  const object = pointer('bpf_object__open_file', [C.string, OBJECT_PATH], [C.size, 0]);
  // Permit rings of each CPU, then deny rings.
  const rings = Array.from({ length: cpus * 2 }, () => createRing(options.ringBytes ?? RING_BYTES));
  const close = () => {
    call('libbpf', 'bpf_object__close', C.pointer, [C.pointer, object]);
    for (const ring of rings) ring.close();
  };
  try {
    return load(object, cpus, rings, options, close);
  } catch (error) {
    close();
    throw error;
  }
}

function load(
  object: number,
  cpus: number,
  rings: readonly ReturnType<typeof createRing>[],
  options: LoadOptions,
  closeObject: () => void,
): LoadedProgram {
  const map = (name: string) => pointer('bpf_object__find_map_by_name', [C.pointer, object], [C.string, name]);
  const program = (name: string) => pointer('bpf_object__find_program_by_name', [C.pointer, object], [C.string, name]);
  const fdOf = (name: string) => checked('libbpf', 'bpf_map__fd', [C.pointer, map(name)]);
  const resize = (name: string, entries: number) =>
    checked('libbpf', 'bpf_map__set_max_entries', [C.pointer, map(name)], [C.unsigned, entries]);
  const update = (name: string, key: number, value: Uint8Array) =>
    checked('libbpf', 'bpf_map_update_elem', [C.int, fdOf(name)], [C.bytes, u32(key)], [C.bytes, value], [C.size, 0]);

  resize(MAPS.permits, cpus);
  resize(MAPS.denies, cpus);
  resize(MAPS.ruleCounters, RULE_COUNTER_SLOTS * cpus);
  resize(MAPS.limitStates, RULE_COUNTER_SLOTS);
  resize(MAPS.counters, INTERFACE_SLOTS * cpus);
  const knobs = u32s(KNOBS.fields, KNOBS.size, {
    cpu_count: cpus,
    log_permits: options.logPermits === false ? 0 : 1,
    log_denies: 1,
    sample: 1,
  });
  const knobsMap = map(MAPS.knobs);
  checked('libbpf', 'bpf_map__set_initial_value', [C.pointer, knobsMap], [C.bytes, knobs], [C.size, knobs.length]);
  for (const name of Object.values(PROGRAMS).flatMap((each) => Object.values(each))) {
    checked(
      'libbpf',
      'bpf_program__set_autoload',
      [C.pointer, program(name)],
      [C.int, name === RING_PROGRAMS[options.program] ? 1 : 0],
    );
  }
  checked('libbpf', 'bpf_object__load', [C.pointer, object]);

  for (const [i, ring] of rings.entries()) update(i < cpus ? MAPS.permits : MAPS.denies, i % cpus, u32(ring.fd));
  const slotsMemory = mapDescriptor(fdOf(MAPS.slots), 0, SLOTS_BYTES, 'write');
  slotsMemory.bytes[LOOPBACK_IFINDEX] = LOOPBACK_SLOT;

  const runtimeMemory = mapDescriptor(fdOf(MAPS.runtime), 0, 4096, 'write');
  const runtime = new DataView(runtimeMemory.bytes.buffer, runtimeMemory.bytes.byteOffset, RUNTIME.size);
  const setClockOffset = (ns: bigint) => runtime.setBigUint64(RUNTIME.fields.clock_offset_ns, ns, true);
  setClockOffset(options.clockOffsetNs ?? 0n);
  const connectionBytes = Math.ceil(CONNECTION_STATE.size / 4096) * 4096;
  const connectionMemory = mapDescriptor(fdOf(MAPS.connections), 0, connectionBytes, 'write');
  new DataView(connectionMemory.bytes.buffer, connectionMemory.bytes.byteOffset).setBigUint64(
    CONNECTION_STATE.fields.seed,
    LAB_SEED,
    true,
  );
  const ruleBytes = RULE_COUNTER_SLOTS * cpus * RULE_COUNTER.size;
  const ruleMemory = mapDescriptor(fdOf(MAPS.ruleCounters), 0, ruleBytes, 'read');
  const counterMemory = mapDescriptor(fdOf(MAPS.counters), 0, INTERFACE_SLOTS * cpus * COUNTERS.size, 'read');
  const programFd = checked('libbpf', 'bpf_program__fd', [C.pointer, program(RING_PROGRAMS[options.program])]);
  const runner = testRunner(programFd);
  return {
    id: programId(programFd),
    run: (frame) => runner.run(frame, 1).returned,
    measure: (frame, repeat) => runner.run(frame, repeat).ns,
    takeRecords: () => rings.flatMap((ring) => ring.take()),
    counters: () => sumCounters(counterMemory.bytes, cpus),
    putRules: (slot, image) => putRules(fdOf(MAPS.ruleImages), slot, image),
    putLimit: (slot, tickNs, shape = 'cells') => putLimit(fdOf(MAPS.limitStates), slot, tickNs, shape),
    evictedConnections: () => u64(connectionMemory.bytes, CONNECTION_STATE.fields.evicted),
    ruleCounter: (slot) => {
      const at = (cpu: number, offset: number) =>
        u64(ruleMemory.bytes, (slot * cpus + cpu) * RULE_COUNTER.size + offset);
      const all = (offset: number) => Array.from({ length: cpus }, (_, cpu) => at(cpu, offset));
      const { packets, bytes, last_seen_wall_ns } = RULE_COUNTER.fields;
      const sum = (offset: number) => all(offset).reduce((total, value) => total + value, 0);
      return { packets: sum(packets), bytes: sum(bytes), lastSeenNs: Math.max(...all(last_seen_wall_ns)) };
    },
    setClockOffset,
    setInterfaceSlot: (slot) => {
      slotsMemory.bytes[LOOPBACK_IFINDEX] = slot;
    },
    setLink: (link, owner = 0) => {
      slotsMemory.bytes[LOOPBACK_IFINDEX] = LOOPBACK_SLOT | SLOT_LINK[link];
      const at = slotsMemory.bytes.byteOffset + SLOT_TABLE.fields.owners;
      new Uint32Array(slotsMemory.bytes.buffer, at, INTERFACE_SLOTS)[LOOPBACK_SLOT] = owner;
    },
    unwatched: () => ({
      seen: sumCounters(counterMemory.bytes, cpus, 0).seen,
      ifindex: u64(runtimeMemory.bytes, RUNTIME.fields.unwatched_ifindex),
    }),
    unaccounted: () => u64(runtimeMemory.bytes, RUNTIME.fields.unaccounted),
    close: () => {
      runner.close();
      for (const memory of [slotsMemory, runtimeMemory, counterMemory, ruleMemory, connectionMemory]) unmap(memory);
      closeObject();
    },
  };
}

/** struct bpf_prog_info: its size in Linux 5.10, and where the id is. */
const PROGRAM_INFO = { size: 224, id: 4 } as const;

function programId(fd: number): number {
  const info = new Uint8Array(PROGRAM_INFO.size);
  checked('libbpf', 'bpf_obj_get_info_by_fd', [C.int, fd], [C.bytes, info], [C.bytes, u32(info.length)]);
  return new DataView(info.buffer).getUint32(PROGRAM_INFO.id, true);
}

/** struct bpf_map_create_opts: its size, and where map_flags is. */
const CREATE_OPTIONS = { size: 48, map_flags: 28 } as const;
const BPF_MAP_TYPE_ARRAY = 2;
const MMAPABLE = 1 << 10;
const MMAPABLE_INNER = MMAPABLE | (1 << 12);

function createArray(name: string, valueBytes: number, entries: number, flags: number): number {
  const options = new Uint8Array(CREATE_OPTIONS.size);
  new DataView(options.buffer).setBigUint64(0, BigInt(CREATE_OPTIONS.size), true);
  new DataView(options.buffer).setUint32(CREATE_OPTIONS.map_flags, flags, true);
  return checked(
    'libbpf',
    'bpf_map_create',
    [C.int, BPF_MAP_TYPE_ARRAY],
    [C.string, name],
    [C.unsigned, 4],
    [C.unsigned, valueBytes],
    [C.unsigned, entries],
    [C.bytes, options],
  );
}

function putLimit(outer: number, slot: number, tickNs: bigint, shape: LimitShape): LimitLevels {
  const { size, fields } = LIMIT_STATE;
  const inner = createArray('lab_limit', size, 1, MMAPABLE);
  const memory = mapDescriptor(inner, 0, Math.ceil(size / 4096) * 4096, 'write');
  const view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset, size);
  view.setBigUint64(fields.seed, LAB_SEED, true);
  view.setBigUint64(fields.shape, BigInt(LIMIT_STATE.shapes[shape]), true);
  const setTick = (ns: bigint) => view.setBigUint64(fields.tick_ns, ns, true);
  setTick(tickNs);
  const value = u32(inner);
  checked('libbpf', 'bpf_map_update_elem', [C.int, outer], [C.bytes, u32(slot)], [C.bytes, value], [C.size, 0]);
  closeDescriptor(inner);
  let now = 0n;
  const advance = (ns: bigint, cellShift: number) => {
    const [cells, table] = levelsOf(memory.bytes);
    const shift = BigInt(cellShift);
    const cellTime = Number(BigInt.asUintN(32, ((now + ns) >> shift) - (now >> shift)));
    now += ns;
    for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] ?? 0) - cellTime;
    for (let i = 1; i < table.length; i += 2) {
      const arrival = table[i] ?? 0n;
      table[i] = arrival > ns ? arrival - ns : 0n;
    }
  };
  const advanceWide = (ns: bigint) => {
    const words = new BigUint64Array(
      memory.bytes.buffer,
      memory.bytes.byteOffset + fields.wide,
      (size - fields.wide) / 8,
    );
    for (let i = LIMIT_WIDE_ENTRY.fields.arrival / 8; i < words.length; i += LIMIT_WIDE_ENTRY.size / 8) {
      const arrival = words[i] ?? 0n;
      if (arrival > 0n) words[i] = arrival > ns + EMPTY_NS ? arrival - ns : EMPTY_NS;
    }
  };
  return {
    setTick,
    advance,
    advanceWide,
    evictions: () => u64(memory.bytes, fields.evictions),
    table: () => memory.bytes.slice(fields.table, size),
    close: () => unmap(memory),
  };
}

/** Returns the cells, and the table as pairs of key and arrival. */
function levelsOf({ buffer, byteOffset }: Uint8Array): [Uint32Array, BigUint64Array] {
  const { cells, table } = LIMIT_STATE.fields;
  return [
    new Uint32Array(buffer, byteOffset + cells, (table - cells) / 4),
    new BigUint64Array(buffer, byteOffset + table, (LIMIT_STATE.size - table) / 8),
  ];
}

function putRules(outer: number, slot: number, image: Uint8Array | undefined): void {
  if (!image) {
    checked('libbpf', 'bpf_map_delete_elem', [C.int, outer], [C.bytes, u32(slot)]);
    return;
  }
  const inner = createArray('lab_rules', RULE_LINE.size, image.length / RULE_LINE.size, MMAPABLE_INNER);
  const memory = mapDescriptor(inner, 0, Math.ceil(image.length / 4096) * 4096, 'write');
  memory.bytes.set(image);
  unmap(memory);
  const value = u32(inner);
  checked('libbpf', 'bpf_map_update_elem', [C.int, outer], [C.bytes, u32(slot)], [C.bytes, value], [C.size, 0]);
  closeDescriptor(inner);
}

const u64 = (bytes: Uint8Array, offset: number) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset + offset, 8).getBigUint64(0, true));

function sumCounters(bytes: Uint8Array, cpus: number, slot = LOOPBACK_SLOT): Counters {
  const lines = Array.from({ length: cpus }, (_, cpu) => (slot * cpus + cpu) * COUNTERS.size);
  const sum = (offset: number) => lines.reduce((total, line) => total + u64(bytes, line + offset), 0);
  const { reasons, ...plain } = COUNTERS.fields;
  return {
    ...(Object.fromEntries(Object.entries(plain).map(([name, offset]) => [name, sum(offset)])) as Record<
      CounterName,
      number
    >),
    reasons: Array.from({ length: REASON_COUNTERS }, (_, reason) => sum(reasons + reason * 8)),
  };
}
