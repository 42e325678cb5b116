/** The compiled object and the names in it. A test checks that the object has each name. */
import { fileURLToPath } from 'node:url';

/** Absolute path of the compiled XDP object. */
export const OBJECT_PATH: string = fileURLToPath(new URL('../dist/packetlog.bpf.o', import.meta.url));

/**
 * The programs of each transport. `single`: for frames in one buffer, in every kernel and mode; `frags`: for frames of
 * several buffers, Linux 5.18 and later.
 */
export const PROGRAMS = {
  /** Linux 5.12 and later, not PREEMPT_RT. */
  array: { single: 'packetlog_array', frags: 'packetlog_array_frags' },
  /** Linux 5.8 and later. */
  ring: { single: 'packetlog_ring', frags: 'packetlog_ring_frags' },
  perf: { single: 'packetlog_perf', frags: 'packetlog_perf_frags' },
} as const;

export const MAPS = {
  /** Transport ring. Array of maps: possible CPU to kernel ring of permitted packets. */
  permits: 'permits',
  /** The same of denied packets. */
  denies: 'denies',
  /** Transport array. Mmapable array of records: CPU * ring_records + index; after the permits of all CPUs, the denies. */
  arrayRecords: 'array_records',
  /** Transport array. Mmapable array of `struct array_control`: CPU for its permits, CPUs + CPU for its denies. */
  arrayControl: 'array_control',
  /** Transport array. Kernel ring that wakes a sleeping reader. */
  doorbell: 'doorbell',
  /** Transport perf. CPU to perf event of permitted packets. */
  perfPermits: 'perf_permits',
  /** The same of denied packets. */
  perfDenies: 'perf_denies',
  /** Mmapable array: slot * possible CPUs + CPU to `struct interface_counters`. */
  counters: 'interface_counters',
  /** Array of maps: `RULE_SLOTS` to an image (rule-image.ts). */
  ruleImages: 'rule_images',
  /** Mmapable array: counter slot * possible CPUs + CPU to `struct rule_counter`. */
  ruleCounters: 'rule_counters',
  /** Array of maps: counter slot of a limit to its levels, `struct limit_state`. */
  limitStates: 'limit_states',
  /** Mmapable array of one `struct connection_state`. */
  connections: 'connections',
  /** `struct packetlog_knobs`, read-only once loaded. */
  knobs: '.rodata.knobs',
  /** `struct packetlog_runtime`, written while the program runs. The name is that of its pin, so it must not change. */
  runtime: '.data.live',
  /** `struct interface_slots`: slot and link layer by the low 16 bits of an ifindex. */
  slots: '.data.slots',
} as const;
