/**
 * The only file that calls ffi-rs.
 *
 * ffi-rs keeps a global table of libraries without a lock, so all of this must be called from one thread of the
 * process: the drain thread. (A child process has its own table.)
 */
import { createExternalBuffer, DataType, load, open } from 'ffi-rs';
import { SetupError } from '../errors/setup-error.ts';

/** C types by the names used in this directory; `pointer` is an address as a number (below 2^47). */
export const C = {
  int: DataType.I32,
  unsigned: DataType.U32,
  long: DataType.I64,
  size: DataType.U64,
  pointer: DataType.I64,
  /** A Uint8Array whose memory C reads or writes during the call. */
  bytes: DataType.U8Array,
  /** Must not contain a NUL. */
  string: DataType.String,
} as const;

type CType = (typeof C)[keyof typeof C];

const LIBRARIES = {
  libc: { path: 'libc.so.6', packages: 'the C library (glibc)' },
  libbpf: { path: 'libbpf.so.1', packages: 'libbpf (Debian: libbpf1, Fedora and Arch: libbpf)' },
} as const;
type Library = keyof typeof LIBRARIES;

const opened = new Set<Library>();

function ensureOpen(library: Library): void {
  if (opened.has(library)) return;
  const { path, packages } = LIBRARIES[library];
  try {
    open({ library, path });
  } catch (cause) {
    throw new SetupError({
      step: 'open library',
      target: path,
      next: `Install ${packages}.`,
      exit: 'unsupported',
      cause,
    });
  }
  opened.add(library);
}

export interface NativeResult {
  value: number;
  /** Only meaningful if `value` shows that the call failed. */
  errno: number;
}

/** Returns a Buffer over the same memory: ffi-rs takes only Buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Calls a C function that returns an int, a long or a pointer. */
export function call(
  library: Library,
  name: string,
  returns: CType,
  parameters: readonly [CType, unknown][],
): NativeResult {
  ensureOpen(library);
  const result = load<CType, true>({
    library,
    funcName: name,
    retType: returns,
    paramsType: parameters.map(([type]) => type),
    paramsValue: parameters.map(([, value]) => (value instanceof Uint8Array ? asBuffer(value) : value)),
    errno: true,
  });
  return { value: Number(result.value), errno: result.errnoCode };
}

/** Returns the memory at an address, without a copy. It must stay mapped while the result is reachable. */
export function memoryAt(address: number, length: number): Uint8Array {
  ensureOpen('libc');
  // memmove of zero bytes returns its first argument: this turns a number into ffi-rs's pointer object.
  const pointer = load({
    library: 'libc',
    funcName: 'memmove',
    retType: DataType.External,
    paramsType: [DataType.I64, DataType.I64, DataType.U64],
    paramsValue: [address, address, 0],
  });
  return createExternalBuffer(pointer, length);
}
