/** The compiled object and what is in it. Each name is written here once; a test proves the object has it. */
import { fileURLToPath } from 'node:url';

/** Absolute path of the compiled XDP object. */
export const OBJECT_PATH: string = fileURLToPath(new URL('../dist/packetlog.bpf.o', import.meta.url));

export const PROGRAMS = {
  /** For frames in one buffer: every kernel and mode. */
  single: 'packetlog_xdp',
  /** For frames of several buffers; Linux 5.18 and later. */
  frags: 'packetlog_frags',
} as const;

export const MAPS = {
  /** Array of maps: possible CPU to kernel ring of permitted packets. */
  permits: 'permits',
  /** Mmapable array: slot * possible CPUs + CPU to `struct interface_counters`. */
  counters: 'interface_counters',
  /** `struct packetlog_knobs`, read-only once loaded. */
  knobs: '.rodata.knobs',
  /** `struct packetlog_live`, written while the program runs. */
  live: '.data.live',
  /** Slot of an interface, a byte for each value of the low 16 bits of an ifindex. */
  slots: '.data.slots',
} as const;
