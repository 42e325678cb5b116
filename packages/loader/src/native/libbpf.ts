/**
 * The functions of libbpf that this project needs (libbpf 1.x: ints are -errno on failure, pointers NULL with errno).
 * Objects, programs and maps are addresses.
 */
import { C, call } from './ffi.ts';

export type ObjectPointer = number & { readonly kind?: 'bpf_object' };
export type ProgramPointer = number & { readonly kind?: 'bpf_program' };
export type MapPointer = number & { readonly kind?: 'bpf_map' };

/** bpf_attach_type BPF_XDP. */
const BPF_XDP = 37;
/** bpf_prog_type BPF_PROG_TYPE_XDP. */
const BPF_PROG_TYPE_XDP = 6;
/** bpf_map_type BPF_MAP_TYPE_RINGBUF. */
export const BPF_MAP_TYPE_RINGBUF = 27;
/** bpf_func_id bpf_xdp_get_buff_len. */
export const BPF_FUNC_XDP_GET_BUFF_LEN = 188;

export interface Outcome<T> {
  value: T;
  /** 0, or the errno of the failure. */
  errno: number;
}

function fromInt(value: number): Outcome<number> {
  return value < 0 ? { value, errno: -value } : { value, errno: 0 };
}

export function intCall(name: string, parameters: Parameters<typeof call>[3]): Outcome<number> {
  return fromInt(call('libbpf', name, C.int, parameters).value);
}

function pointerCall(name: string, parameters: Parameters<typeof call>[3]): Outcome<number> {
  const { value, errno } = call('libbpf', name, C.pointer, parameters);
  return value === 0 ? { value, errno } : { value, errno: 0 };
}

/** Stops libbpf from writing to standard error. */
export function silenceLibbpf(): void {
  call('libbpf', 'libbpf_set_print', C.pointer, [[C.size, 0]]);
}

export const openObject = (path: string): Outcome<ObjectPointer> =>
  pointerCall('bpf_object__open_file', [
    [C.string, path],
    [C.size, 0],
  ]);

export const loadObject = (object: ObjectPointer): Outcome<number> =>
  intCall('bpf_object__load', [[C.pointer, object]]);

export const closeObject = (object: ObjectPointer): void => {
  call('libbpf', 'bpf_object__close', C.pointer, [[C.pointer, object]]);
};

/** Sets whether the map is created when the object is loaded. */
export const setAutocreate = (map: MapPointer, autocreate: boolean): Outcome<number> =>
  intCall('bpf_map__set_autocreate', [
    [C.pointer, map],
    [C.int, autocreate ? 1 : 0],
  ]);

export const findProgram = (object: ObjectPointer, name: string): Outcome<ProgramPointer> =>
  pointerCall('bpf_object__find_program_by_name', [
    [C.pointer, object],
    [C.string, name],
  ]);

export const findMap = (object: ObjectPointer, name: string): Outcome<MapPointer> =>
  pointerCall('bpf_object__find_map_by_name', [
    [C.pointer, object],
    [C.string, name],
  ]);

export const setAutoload = (program: ProgramPointer, autoload: boolean): Outcome<number> =>
  intCall('bpf_program__set_autoload', [
    [C.pointer, program],
    [C.int, autoload ? 1 : 0],
  ]);

/** Sets the buffer for the verifier's log. `log` must stay reachable until the object is loaded. */
export function setVerifierLog(program: ProgramPointer, log: Uint8Array): void {
  intCall('bpf_program__set_log_buf', [
    [C.pointer, program],
    [C.bytes, log],
    [C.size, log.length],
  ]);
  intCall('bpf_program__set_log_level', [
    [C.pointer, program],
    [C.unsigned, 1],
  ]);
}

export const programDescriptor = (program: ProgramPointer): number =>
  intCall('bpf_program__fd', [[C.pointer, program]]).value;

export const mapDescriptor = (map: MapPointer): number => intCall('bpf_map__fd', [[C.pointer, map]]).value;

export const setMaxEntries = (map: MapPointer, entries: number): Outcome<number> =>
  intCall('bpf_map__set_max_entries', [
    [C.pointer, map],
    [C.unsigned, entries],
  ]);

export const setInitialValue = (map: MapPointer, value: Uint8Array): Outcome<number> =>
  intCall('bpf_map__set_initial_value', [
    [C.pointer, map],
    [C.bytes, value],
    [C.size, value.length],
  ]);

/** bpf_map_type BPF_MAP_TYPE_ARRAY. */
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_MMAPABLE = 1 << 10;
const BPF_F_INNER_MAP = 1 << 12;

/** Creates an array whose memory can be mapped, and that an array of maps accepts regardless of its size. */
export function createInnerArray(name: string, valueBytes: number, entries: number): Outcome<number> {
  return createArray(name, valueBytes, entries, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
}

/** Creates an array whose memory can be mapped, and that an array of maps accepts if its prototype has the same size. */
export function createFixedArray(name: string, valueBytes: number, entries: number): Outcome<number> {
  return createArray(name, valueBytes, entries, BPF_F_MMAPABLE);
}

function createArray(name: string, valueBytes: number, entries: number, flags: number): Outcome<number> {
  const options = new Uint8Array(48); // struct bpf_map_create_opts: size_t sz, five __u32, __u32 map_flags, ...
  const view = new DataView(options.buffer);
  view.setBigUint64(0, 48n, true);
  view.setUint32(28, flags, true);
  return intCall('bpf_map_create', [
    [C.int, BPF_MAP_TYPE_ARRAY],
    [C.string, name],
    [C.unsigned, 4],
    [C.unsigned, valueBytes],
    [C.unsigned, entries],
    [C.bytes, options],
  ]);
}

export const createRing = (name: string, bytes: number): Outcome<number> =>
  intCall('bpf_map_create', [
    [C.int, BPF_MAP_TYPE_RINGBUF],
    [C.string, name],
    [C.unsigned, 0],
    [C.unsigned, 0],
    [C.unsigned, bytes],
    [C.size, 0],
  ]);

/** Puts the map behind `fd` at `index` of an array of maps. */
export function putMap(outer: number, index: number, fd: number): Outcome<number> {
  const key = new Uint8Array(new Uint32Array([index]).buffer);
  const value = new Uint8Array(new Uint32Array([fd]).buffer);
  return intCall('bpf_map_update_elem', [
    [C.int, outer],
    [C.bytes, key],
    [C.bytes, value],
    [C.size, 0],
  ]);
}

/** Empties the slot at `index` of an array of maps. ENOENT if it was empty. */
export function takeMap(outer: number, index: number): Outcome<number> {
  const key = new Uint8Array(new Uint32Array([index]).buffer);
  return intCall('bpf_map_delete_elem', [
    [C.int, outer],
    [C.bytes, key],
  ]);
}

/** Returns the id of the map at `index` of an array of maps. ENOENT if there is none. */
export function innerMapId(outer: number, index: number): Outcome<number> {
  const key = new Uint8Array(new Uint32Array([index]).buffer);
  const value = new Uint32Array(1);
  const { errno } = intCall('bpf_map_lookup_elem', [
    [C.int, outer],
    [C.bytes, key],
    [C.bytes, new Uint8Array(value.buffer)],
  ]);
  return { value: value[0] ?? 0, errno };
}

/** Opens a new descriptor of a map. */
export const mapById = (id: number): Outcome<number> => intCall('bpf_map_get_fd_by_id', [[C.unsigned, id]]);

/** XDP flags of linux/if_link.h. */
export const XDP_FLAGS = { native: 1 << 2, generic: 1 << 1 } as const;

/** Attaches an XDP program with bpf_link_create; returns the link's descriptor. Closing it detaches. */
export function createXdpLink(program: number, ifindex: number, flags: number): Outcome<number> {
  const options = new Uint8Array(16); // struct bpf_link_create_opts: size_t sz, __u32 flags
  const view = new DataView(options.buffer);
  view.setBigUint64(0, 16n, true);
  view.setUint32(8, flags, true);
  return intCall('bpf_link_create', [
    [C.int, program],
    [C.int, ifindex],
    [C.int, BPF_XDP],
    [C.bytes, options],
  ]);
}

/** Returns the ids of the XDP programs on an interface, by mode; 0 = none. */
export function queryXdp(ifindex: number): Outcome<{ native: number; generic: number; hardware: number }> {
  const options = new Uint8Array(32); // struct bpf_xdp_query_opts
  const view = new DataView(options.buffer);
  view.setBigUint64(0, 32n, true);
  const { errno } = intCall('bpf_xdp_query', [
    [C.int, ifindex],
    [C.int, 0],
    [C.bytes, options],
  ]);
  return {
    errno,
    value: { native: view.getUint32(12, true), hardware: view.getUint32(16, true), generic: view.getUint32(20, true) },
  };
}

export const programById = (id: number): Outcome<number> => intCall('bpf_prog_get_fd_by_id', [[C.unsigned, id]]);

/** Reads a kernel struct bpf_*_info into `info`: bpf_obj_get_info_by_fd. */
export function objectInfo(fd: number, info: Uint8Array): Outcome<number> {
  const length = new Uint8Array(new Uint32Array([info.length]).buffer);
  return intCall('bpf_obj_get_info_by_fd', [
    [C.int, fd],
    [C.bytes, info],
    [C.bytes, length],
  ]);
}

/** Loads an XDP program of a few instructions (struct bpf_insn); returns its descriptor. */
export const loadInstructions = (name: string, instructions: Uint8Array): Outcome<number> =>
  intCall('bpf_prog_load', [
    [C.int, BPF_PROG_TYPE_XDP],
    [C.string, name],
    [C.string, 'GPL'],
    [C.bytes, instructions],
    [C.size, instructions.length / 8],
    [C.size, 0],
  ]);

/** Runs a program once, as the struct bpf_test_run_opts at `options` says: BPF_PROG_TEST_RUN. */
export const testRun = (program: number, options: number): Outcome<number> =>
  intCall('bpf_prog_test_run_opts', [
    [C.int, program],
    [C.pointer, options],
  ]);

/** Returns whether XDP programs of this kernel may call a helper. */
export const hasXdpHelper = (helper: number): boolean =>
  intCall('libbpf_probe_bpf_helper', [
    [C.int, BPF_PROG_TYPE_XDP],
    [C.int, helper],
    [C.size, 0],
  ]).value === 1;
