/** Opens, configures and loads the XDP object with the best transport that this kernel takes. */
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import {
  CLOCK_POLICIES,
  COUNTERS,
  INTERFACE_SLOTS,
  KNOBS,
  LIVE,
  MAPS,
  OBJECT_PATH,
  PROGRAMS,
  RULE_COUNTER,
  SLOT_TABLE,
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
import { closeDescriptor, mapShared, pageSize } from '../native/libc.ts';
import { mapShape, plannedShape, reuseMap } from '../native/pinning.ts';
import { SetupError } from '../setup-error.ts';
import { candidates, type RequestedTransport } from '../transport/choose.ts';
import type { OpenTransport, Transport, TransportName, TransportSettings } from '../transport/transport.ts';
import { type ClockPolicy, clockWith } from './clock-policy.ts';
import { lastLines, refusedObject, type TransportRefusal } from './object-errors.ts';
import { need } from './outcome.ts';
import { possibleCpus } from './possible-cpus.ts';
import { isRealtimeKernel } from './realtime.ts';
import { type Remains, remainingMap, speaksOurLayout } from './remains.ts';
import { denyRingBytes } from './ring-size.ts';
import { ruleCounterSlots } from './rule-counters.ts';
import { RULE_OWNERS, RuleOwners } from './rule-owners.ts';

export interface ProgramOptions {
  transport: RequestedTransport;
  /** Bytes of each CPU's ring of permits: a power of two and a multiple of the page. The denies' are smaller. */
  ringBytes: number;
  /** False: count, write no record. */
  logPermits: boolean;
  clock: ClockPolicy;
  /** Record 1 of so many permitted packets, a power of two; 0: by how full the ring is. */
  sample: number;
  objectPath?: string;
  /** What a loader before left: its maps are used if they are as asked for. */
  remains?: Remains | undefined;
}

export interface LoadedProgram {
  /** Descriptors for attaching. `frags` is absent before Linux 5.18. */
  readonly single: number;
  readonly frags: number | undefined;
  readonly cpus: number;
  readonly transportName: TransportName;
  readonly ringBytes: number;
  readonly transport: OpenTransport;
  /** All that a later loader needs. */
  readonly maps: readonly { name: string; fd: number }[];
  /** The maps are those of the loader before, with all that is in them. */
  readonly reused: boolean;
  /** Records that loaders before took out of these rings. */
  readonly before: number;
  /** `struct interface_counters` for slot * cpus + cpu, read-only. */
  readonly counters: Uint8Array;
  /** `struct packetlog_live`. */
  readonly live: Uint8Array;
  /** `struct interface_slots`. */
  readonly slots: Uint8Array;
  /** Descriptor of the map that holds the rule sets. */
  readonly ruleImages: number;
  /** `struct rule_counter` for slot * cpus + cpu. */
  readonly ruleCounters: Uint8Array;
  readonly ruleOwners: RuleOwners;
}

const VERIFIER_LOG_BYTES = 1 << 20;
/** Maps that only one transport uses; the others' are not made, an old kernel may not know their kind. */
const TRANSPORT_MAPS: Readonly<Record<TransportName, readonly string[]>> = {
  array: [MAPS.arrayRecords, MAPS.arrayControl, MAPS.doorbell],
  ring: [MAPS.permits, MAPS.denies],
  perf: [MAPS.perfPermits, MAPS.perfDenies],
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
  const continued = continueWith(path, options, cpus, hasFrags);
  if (continued) return continued;
  const refusals: TransportRefusal[] = [];
  for (const transport of candidates(options.transport, isRealtimeKernel())) {
    const object = prepare(path, options, transport, cpus, hasFrags);
    const { errno } = loadObject(object);
    if (errno === 0) return opened(object, options, transport, cpus, hasFrags);
    closeObject(object);
    refusals.push({ transport: transport.name, errno, log: explainRefusal(path, options, transport, cpus) });
    if (errno === ERRNO.EPERM || errno === ERRNO.EACCES) break;
  }
  throw refusedObject(path, refusals, options.transport);
}

/** With the maps of the loader before. Undefined: there are none, or they are not as asked for. */
function continueWith(
  path: string,
  options: ProgramOptions,
  cpus: number,
  hasFrags: boolean,
): LoadedProgram | undefined {
  const { remains, transport: requested, ringBytes } = options;
  if (!remains || !speaksOurLayout(remains) || remains.about.ringBytes !== ringBytes) return undefined;
  const transport = candidates(requested, isRealtimeKernel()).find(({ name }) => name === remains.about.transport);
  if (!transport) return undefined;
  const object = prepare(path, options, transport, cpus, hasFrags);
  if (reuseMaps(object, transport, remains) && loadObject(object).errno === 0) {
    return opened(object, options, transport, cpus, hasFrags, remains);
  }
  closeObject(object);
  return undefined;
}

/** Names of the object's maps that outlive a loader. */
function lastingMaps(transport: Transport): string[] {
  const others = Object.entries(TRANSPORT_MAPS).flatMap(([name, maps]) => (name === transport.name ? [] : maps));
  return Object.values(MAPS).filter((name) => name !== MAPS.knobs && !others.includes(name));
}

/** False if one is missing or of another kind or size. */
function reuseMaps(object: ObjectPointer, transport: Transport, remains: Remains): boolean {
  const map = finder(object);
  return lastingMaps(transport).every((name) => {
    const fd = remainingMap(remains, name);
    if (fd === undefined) return false;
    const there = mapShape(fd);
    const fits = !there.errno && JSON.stringify(there.value) === JSON.stringify(plannedShape(map(name)));
    if (fits) need(reuseMap(map(name), fd), 'take over map', name);
    closeDescriptor(fd);
    return fits;
  });
}

function finder(object: ObjectPointer): (name: string) => MapPointer {
  return (name) => need(findMap(object, name), 'find map', name);
}

function ringSettings({ ringBytes }: ProgramOptions, cpus: number): TransportSettings {
  return { cpus, ringBytes, denyBytes: denyRingBytes(ringBytes, pageSize()) };
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
  knobs.setUint32(KNOBS.fields.log_denies, options.logPermits ? 1 : 0, true);
  knobs.setUint32(KNOBS.fields.ring_records, options.ringBytes / PACKET_LOG_SIZE, true);
  const { denyBytes } = ringSettings(options, cpus);
  knobs.setUint32(KNOBS.fields.deny_records, denyBytes / PACKET_LOG_SIZE, true);
  knobs.setUint32(KNOBS.fields.clock, CLOCK_POLICIES[clockWith(options.clock, transport.name)], true);
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
  transport.configure(map, ringSettings(options, cpus));
  return object;
}

function opened(
  object: ObjectPointer,
  options: ProgramOptions,
  transport: Transport,
  cpus: number,
  hasFrags: boolean,
  remains?: Remains,
): LoadedProgram {
  const map = finder(object);
  const { single, frags } = PROGRAMS[transport.name];
  const { ringBytes } = options;
  const descriptor = (name: string) => programDescriptor(need(findProgram(object, name), 'find program', name));
  const counters = memoryOf(map(MAPS.counters), INTERFACE_SLOTS * cpus * COUNTERS.size, 'read');
  // Before the rings are opened: where they do not outlive their reader, nothing is emitted until then.
  const emitted = emittedSoFar(counters);
  const kept = remains && ((name: string) => remainingMap(remains, name));
  const open = transport.open(map, { ...ringSettings(options, cpus), kept });
  const ruleSlots = ruleCounterSlots(totalmem(), cpus);
  const ruleOwners = RuleOwners.open(ruleSlots, kept?.(RULE_OWNERS));
  return {
    single: descriptor(single),
    frags: hasFrags ? descriptor(frags) : undefined,
    cpus,
    transportName: transport.name,
    ringBytes,
    transport: open,
    maps: [
      ...lastingMaps(transport).map((name) => ({ name, fd: mapDescriptor(map(name)) })),
      ...open.made,
      { name: RULE_OWNERS, fd: ruleOwners.fd },
    ],
    reused: remains !== undefined,
    before: open.before ?? emitted,
    counters,
    live: memoryOf(map(MAPS.live), LIVE.size, 'read-write'),
    slots: memoryOf(map(MAPS.slots), SLOT_TABLE.size, 'read-write'),
    ruleImages: mapDescriptor(map(MAPS.ruleImages)),
    ruleCounters: memoryOf(map(MAPS.ruleCounters), ruleSlots * cpus * RULE_COUNTER.size, 'read-write'),
    ruleOwners,
  };
}

function emittedSoFar(counters: Uint8Array): number {
  const view = new DataView(counters.buffer, counters.byteOffset, counters.byteLength);
  let sum = 0;
  for (let line = 0; line < counters.byteLength; line += COUNTERS.size) {
    sum += Number(view.getBigUint64(line + COUNTERS.fields.emitted, true));
  }
  return sum;
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
