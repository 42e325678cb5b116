/** Opens, configures and loads the XDP object with the best transport that this kernel takes. */
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import {
  COUNTERS,
  INTERFACE_SLOTS,
  KNOBS,
  LIVE,
  MAPS,
  OBJECT_PATH,
  PROGRAMS,
  RULE_COUNTER,
  SLOT_TABLE_SIZE,
} from '@packetlog/bpf';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { ERRNO } from '../native/errno.ts';
import {
  BPF_FUNC_XDP_GET_BUFF_LEN,
  closeObject,
  findMap,
  findProgram,
  hasXdpHelper,
  loadObject,
  type MapPointer,
  mapDescriptor,
  type ObjectPointer,
  openObject,
  programDescriptor,
  setAutocreate,
  setAutoload,
  setInitialValue,
  setMaxEntries,
  setVerifierLog,
  silenceLibbpf,
} from '../native/libbpf.ts';
import { mapShared, pageSize } from '../native/libc.ts';
import { SetupError } from '../setup-error.ts';
import { candidates, type RequestedTransport } from '../transport/choose.ts';
import type { OpenTransport, Transport, TransportName } from '../transport/transport.ts';
import { lastLines, refusedObject } from './object-errors.ts';
import { need } from './outcome.ts';
import { possibleCpus } from './possible-cpus.ts';
import { isRealtimeKernel } from './realtime.ts';
import { ruleCounterSlots } from './rule-counters.ts';

export interface ProgramOptions {
  transport: RequestedTransport;
  /** Bytes of each CPU's ring: a power of two and a multiple of the page. */
  ringBytes: number;
  /** False: count, write no record. */
  logPermits: boolean;
  clock: 'precise' | 'cached';
  /** Record 1 of so many permitted packets, a power of two; 0: by how full the ring is. */
  sample: number;
  objectPath?: string;
}

export interface LoadedProgram {
  /** Descriptors for attaching. `frags` is absent before Linux 5.18. */
  readonly single: number;
  readonly frags: number | undefined;
  readonly cpus: number;
  readonly transportName: TransportName;
  readonly transport: OpenTransport;
  /** `struct interface_counters` for slot * cpus + cpu, read-only. */
  readonly counters: Uint8Array;
  /** `struct packetlog_live`. */
  readonly live: Uint8Array;
  /** Slot by the low 16 bits of an ifindex. */
  readonly slots: Uint8Array;
  /** Descriptor of the map that holds the rule sets. */
  readonly ruleImages: number;
  /** `struct rule_counter` for slot * cpus + cpu. */
  readonly ruleCounters: Uint8Array;
}

const VERIFIER_LOG_BYTES = 1 << 20;
/** Maps that only one transport uses; the others' are not made, an old kernel may not know their kind. */
const TRANSPORT_MAPS: Readonly<Record<TransportName, readonly string[]>> = {
  array: [MAPS.arrayRecords, MAPS.arrayControl, MAPS.doorbell],
  ring: [MAPS.permits],
  perf: [MAPS.perfEvents],
};

export function loadProgram(options: ProgramOptions): LoadedProgram {
  const path = options.objectPath ?? OBJECT_PATH;
  if (!existsSync(path)) {
    throw new SetupError({
      step: 'open program',
      target: path,
      problem: 'no such file',
      next: 'Build it: pnpm build.',
      exit: 'failed',
    });
  }
  silenceLibbpf();
  const cpus = possibleCpus();
  const hasFrags = hasXdpHelper(BPF_FUNC_XDP_GET_BUFF_LEN);
  let refusal: SetupError | undefined;
  for (const transport of candidates(options.transport, isRealtimeKernel())) {
    const object = prepare(path, options, transport, cpus, hasFrags);
    const { errno } = loadObject(object);
    if (errno === 0) return opened(object, options, transport, cpus, hasFrags);
    closeObject(object);
    // The first refusal says most: it is that of the transport that was asked for, or of the best.
    refusal ??= refusedObject(path, errno, explainRefusal(path, options, transport, cpus));
    if (errno === ERRNO.EPERM || errno === ERRNO.EACCES) break;
  }
  throw refusal ?? new Error('no transport');
}

function finder(object: ObjectPointer): (name: string) => MapPointer {
  return (name) => need(findMap(object, name), 'find map', name);
}

/** An object that is configured and not loaded yet. */
function prepare(
  path: string,
  options: ProgramOptions,
  transport: Transport,
  cpus: number,
  hasFrags: boolean,
): ObjectPointer {
  const object = need(openObject(path), 'open program', path);
  const map = finder(object);
  const knobs = new DataView(new ArrayBuffer(KNOBS.size));
  knobs.setUint32(KNOBS.fields.cpu_count, cpus, true);
  knobs.setUint32(KNOBS.fields.log_permits, options.logPermits ? 1 : 0, true);
  knobs.setUint32(KNOBS.fields.ring_records, options.ringBytes / PACKET_LOG_SIZE, true);
  knobs.setUint32(KNOBS.fields.clock_cached, options.clock === 'cached' ? 1 : 0, true);
  knobs.setUint32(KNOBS.fields.sample, options.sample, true);
  need(setInitialValue(map(MAPS.knobs), new Uint8Array(knobs.buffer)), 'configure', MAPS.knobs);
  need(setMaxEntries(map(MAPS.counters), INTERFACE_SLOTS * cpus), 'size map', MAPS.counters);
  const ruleSlots = ruleCounterSlots(totalmem(), cpus);
  need(setMaxEntries(map(MAPS.ruleCounters), ruleSlots * cpus), 'size map', MAPS.ruleCounters);
  for (const [name, maps] of Object.entries(TRANSPORT_MAPS)) {
    for (const each of maps) need(setAutocreate(map(each), name === transport.name), 'configure', each);
  }
  for (const [name, { single, frags }] of Object.entries(PROGRAMS)) {
    const used = name === transport.name;
    need(setAutoload(need(findProgram(object, single), 'find program', single), used), 'configure', single);
    need(setAutoload(need(findProgram(object, frags), 'find program', frags), used && hasFrags), 'configure', frags);
  }
  transport.configure(map, { cpus, ringBytes: options.ringBytes });
  return object;
}

function opened(
  object: ObjectPointer,
  options: ProgramOptions,
  transport: Transport,
  cpus: number,
  hasFrags: boolean,
): LoadedProgram {
  const map = finder(object);
  const { single, frags } = PROGRAMS[transport.name];
  const descriptor = (name: string) => programDescriptor(need(findProgram(object, name), 'find program', name));
  return {
    single: descriptor(single),
    frags: hasFrags ? descriptor(frags) : undefined,
    cpus,
    transportName: transport.name,
    transport: transport.open(map, { cpus, ringBytes: options.ringBytes }),
    counters: memoryOf(map(MAPS.counters), INTERFACE_SLOTS * cpus * COUNTERS.size, 'read'),
    live: memoryOf(map(MAPS.live), LIVE.size, 'read-write'),
    slots: memoryOf(map(MAPS.slots), SLOT_TABLE_SIZE, 'read-write'),
    ruleImages: mapDescriptor(map(MAPS.ruleImages)),
    ruleCounters: memoryOf(
      map(MAPS.ruleCounters),
      ruleCounterSlots(totalmem(), cpus) * cpus * RULE_COUNTER.size,
      'read-write',
    ),
  };
}

/** Loads once more with the verifier's log on, only to be able to say why it failed. */
function explainRefusal(path: string, options: ProgramOptions, transport: Transport, cpus: number): string {
  const object = prepare(path, options, transport, cpus, false);
  const log = new Uint8Array(VERIFIER_LOG_BYTES);
  const { single } = PROGRAMS[transport.name];
  setVerifierLog(need(findProgram(object, single), 'find program', single), log);
  loadObject(object);
  closeObject(object);
  return lastLines(log);
}

/** Memory of a mmapable map's values, shared with the program. */
function memoryOf(map: MapPointer, bytes: number, access: 'read' | 'read-write'): Uint8Array {
  const page = pageSize();
  return mapShared(mapDescriptor(map), 0, Math.ceil(bytes / page) * page, access).subarray(0, bytes);
}
