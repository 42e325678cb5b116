/** What the drain thread shares with the first server process. */

import type { ServerPipes } from '../../ipc/messages.ts';
import { SLAB_BYTES } from '../../ipc/slabs.ts';
import { createServerPipes, createSharedMemory } from '../../native/server-pipes.ts';

/** 64 MiB, touched only when the server falls behind. */
const SLABS = 256;

export interface ServerMemory {
  /** Descriptors of the same memory. */
  readonly slabs: { readonly writable: number; readonly readOnly: number };
  readonly pipes: ServerPipes;
}

/** Call it before the drain thread starts, because it calls C functions. Throws SystemCallError. */
export function makeServerMemory(): ServerMemory {
  return { slabs: createSharedMemory(SLABS * SLAB_BYTES), pipes: createServerPipes() };
}
