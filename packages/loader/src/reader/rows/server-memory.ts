/** What the drain thread shares with the first server process. */

import type { ServerPipes, SlabDescriptors } from '../../ipc/messages.ts';
import { AFTER_SLABS_BYTES } from '../../ipc/row-marks.ts';
import { SLAB_BYTES } from '../../ipc/slabs.ts';
import { createServerPipes, createSharedMemory } from '../../native/server-pipes.ts';

/** 64 MiB, touched only when the server falls behind. */
const SLABS = 256;

/** Call these before the drain thread starts, because they call C functions. Both throw SystemCallError. */
export function makeServerSlabs(): SlabDescriptors {
  return createSharedMemory(SLABS * SLAB_BYTES + AFTER_SLABS_BYTES);
}

export function makeServerPipes(withMessages: boolean): ServerPipes {
  return createServerPipes(withMessages);
}
