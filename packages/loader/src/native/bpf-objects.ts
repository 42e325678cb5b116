/** Functions of libbpf and the C library that keep objects in a bpf file system. Descriptors and paths as in C. */
import { C, call } from './ffi.ts';
import { intCall, type MapPointer, type Outcome, objectInfo } from './libbpf.ts';

/** Pins an object: bpf_obj_pin. */
export const pinObject = (fd: number, path: string): Outcome<number> =>
  intCall('bpf_obj_pin', [
    [C.int, fd],
    [C.string, path],
  ]);

/** Opens a new descriptor of the object pinned at a path: bpf_obj_get. */
export const pinnedObject = (path: string): Outcome<number> => intCall('bpf_obj_get', [[C.string, path]]);

/** Replaces the program of a link atomically: every packet runs through either the old or the new program. */
export const updateLink = (link: number, program: number): Outcome<number> =>
  intCall('bpf_link_update', [
    [C.int, link],
    [C.int, program],
    [C.size, 0],
  ]);

/** Detaches the program from the interface now, even if other descriptors of the link are open. */
export const detachLink = (link: number): Outcome<number> => intCall('bpf_link_detach', [[C.int, link]]);

/** Makes the object use the map behind `fd` when it is loaded, instead of creating the map. */
export const reuseMap = (map: MapPointer, fd: number): Outcome<number> =>
  intCall('bpf_map__reuse_fd', [
    [C.pointer, map],
    [C.int, fd],
  ]);

export interface MapShape {
  type: number;
  keyBytes: number;
  valueBytes: number;
  entries: number;
  flags: number;
}

/** Returns the shape of a map that is not created yet. */
export function plannedShape(map: MapPointer): MapShape {
  const ask = (name: string) => call('libbpf', name, C.unsigned, [[C.pointer, map]]).value;
  return {
    type: ask('bpf_map__type'),
    keyBytes: ask('bpf_map__key_size'),
    valueBytes: ask('bpf_map__value_size'),
    entries: ask('bpf_map__max_entries'),
    flags: ask('bpf_map__map_flags'),
  };
}

/**
 * Returns the id of a map or program in the kernel: the second u32 of struct bpf_map_info and struct bpf_prog_info. 0:
 * unknown.
 */
export function objectId(fd: number): number {
  const info = new Uint32Array(6);
  return objectInfo(fd, new Uint8Array(info.buffer)).errno === 0 ? (info[1] ?? 0) : 0;
}

/** Returns the shape of a map in the kernel: struct bpf_map_info of linux/bpf.h, u32 each from byte 0. */
export function mapShape(fd: number): Outcome<MapShape> {
  const info = new Uint32Array(6);
  const { errno } = objectInfo(fd, new Uint8Array(info.buffer));
  const [type = 0, _id, keyBytes = 0, valueBytes = 0, entries = 0, flags = 0] = info;
  return { errno, value: { type, keyBytes, valueBytes, entries, flags } };
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes an exclusive flock(2); false if another process holds it. The kernel releases the lock when this process ends,
 * even if it is killed.
 */
export const lockFile = (fd: number): boolean =>
  call('libc', 'flock', C.int, [
    [C.int, fd],
    [C.int, LOCK_EX | LOCK_NB],
  ]).value === 0;
