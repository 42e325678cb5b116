/**
 * Calls C functions for the lab. Independent of the loader's own binding, so that neither hides a bug in the other.
 * ffi-rs has one global table without a lock: call this from only one thread of a process.
 */
import { getSystemErrorName } from 'node:util';
import { createExternalBuffer, DataType, load, open } from 'ffi-rs';

export const C = {
  int: DataType.I32,
  unsigned: DataType.U32,
  long: DataType.I64,
  size: DataType.U64,
  /** An address as a number: below 2^47, so exact. */
  pointer: DataType.I64,
  /** A Uint8Array that C reads or writes during the call. */
  bytes: DataType.U8Array,
  string: DataType.String,
} as const;

type CType = (typeof C)[keyof typeof C];
type Argument = readonly [CType, unknown];

const LIBRARIES = { libc: 'libc.so.6', libbpf: 'libbpf.so.1' } as const;
const opened = new Set<string>();

export class NativeError extends Error {
  override readonly name = 'NativeError';
  readonly errno: number;
  constructor(step: string, errno: number) {
    super(`${step}: ${errno > 0 ? getSystemErrorName(-errno) : 'failed'} (errno ${errno})`);
    this.errno = errno;
  }
}

/** Calls a C function that returns an int, a long or an address. */
export function call(library: keyof typeof LIBRARIES, name: string, returns: CType, ...parameters: Argument[]) {
  if (!opened.has(library)) {
    open({ library, path: LIBRARIES[library] });
    opened.add(library);
  }
  const { value, errnoCode } = load<CType, true>({
    library,
    funcName: name,
    retType: returns,
    paramsType: parameters.map(([type]) => type),
    paramsValue: parameters.map(([, value]) => value),
    errno: true,
  });
  return { value: Number(value), errno: errnoCode };
}

/** Like `call`, for functions that return -1 and set errno, or return -errno. */
export function checked(library: keyof typeof LIBRARIES, name: string, ...parameters: Argument[]): number {
  const { value, errno } = call(library, name, C.int, ...parameters);
  if (value < 0) throw new NativeError(name, library === 'libbpf' ? -value : errno);
  return value;
}

export interface Memory {
  readonly address: number;
  readonly bytes: Uint8Array;
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_ANONYMOUS = 32;

function mapMemory(fd: number, offset: number, length: number, protection: number, flags: number): Memory {
  const { value: address, errno } = call(
    'libc',
    'mmap',
    C.pointer,
    [C.size, 0],
    [C.size, length],
    [C.int, protection],
    [C.int, flags],
    [C.int, fd],
    [C.long, offset],
  );
  if (address === -1) throw new NativeError('mmap', errno);
  // memmove of zero bytes returns its first argument: it converts a number to ffi-rs's pointer object.
  const pointer = load({
    library: 'libc',
    funcName: 'memmove',
    retType: DataType.External,
    paramsType: [DataType.I64, DataType.I64, DataType.U64],
    paramsValue: [address, address, 0],
  });
  return { address, bytes: createExternalBuffer(pointer, length) };
}

/** Allocates memory whose address C may keep. Call `unmap`, and do not access the memory afterwards. */
export const allocate = (length: number): Memory =>
  mapMemory(-1, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);

export const mapDescriptor = (fd: number, offset: number, length: number, access: 'read' | 'write'): Memory =>
  mapMemory(fd, offset, length, access === 'read' ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED);

export function unmap(memory: Memory): void {
  checked('libc', 'munmap', [C.pointer, memory.address], [C.size, memory.bytes.length]);
}

export function closeDescriptor(fd: number): void {
  checked('libc', 'close', [C.int, fd]);
}
