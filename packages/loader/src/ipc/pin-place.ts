/** Where the drain thread looks for pins and pins. */
import type { PlainError } from '../errors/setup-error.ts';

/**
 * The path of a bpf file system, or what the launcher opened: the directory of the pins in it, with the file system's
 * path as shown to the operator; or why there is none.
 */
export type PinPlace =
  | string
  | { readonly path: string; readonly fd: number }
  | { readonly fd?: undefined; readonly problem?: PlainError | undefined };
