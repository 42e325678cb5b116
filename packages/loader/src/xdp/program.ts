/** Opens, configures and loads the XDP object with the best transport that this kernel supports. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import {
  CONNECTION_STATE,
  COUNTERS,
  INTERFACE_SLOTS,
  MAPS,
  OBJECT_PATH,
  PROGRAMS,
  RULE_COUNTER,
  RUNTIME,
  SLOT_TABLE,
} from '@packetlog/bpf';
import { ERRNO } from '../errors/errno.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { TransportName } from '../ipc/settings.ts';
import { mapShape, plannedShape, reuseMap } from '../native/bpf-objects.ts';
import { need } from '../native/check.ts';
import {
  BPF_FUNC_XDP_GET_BUFF_LEN,
  closeObject,
  findProgram,
  hasXdpHelper,
  loadObject,
  type MapPointer,
  mapDescriptor,
  type ObjectPointer,
  programDescriptor,
  silenceLibbpf,
} from '../native/libbpf.ts';
import { requireLibbpf } from '../native/libbpf-version.ts';
import { closeDescriptor, mapShared, pageSize, readShared, writeShared } from '../native/libc.ts';
import { possibleCpus } from '../system/cpus.ts';
import { isRealtimeKernel } from '../system/realtime-kernel.ts';
import { candidates } from '../transports/choose-transport.ts';
import type { OpenTransport, Transport } from '../transports/transport.ts';
import { rejectedObject, type TransportRejection } from './load-errors.ts';
import { type LeftoverPins, leftoverMap, reusableTransport } from './pinning/leftover-pins.ts';
import { explainRejection, finder, lastingMaps, type ProgramOptions, prepare, ringSettings } from './program-object.ts';
import { ruleCounterSlots } from './rule-counters.ts';
import { RULE_OWNERS, RuleOwners } from './rule-owners.ts';

export interface LoadedProgram {
  /** Descriptors for attaching. `frags` is absent before Linux 5.18. */
  readonly single: number;
  readonly frags: number | undefined;
  readonly cpus: number;
  readonly transportName: TransportName;
  readonly ringBytes: number;
  readonly transport: OpenTransport;
  /** All maps that a later loader needs. */
  readonly maps: readonly { name: string; fd: number }[];
  /** The maps are those of the previous loader, with their contents. */
  readonly reused: boolean;
  /** Records that previous loaders read from these rings. */
  readonly before: number;
  /** `struct interface_counters` at slot * cpus + cpu, read-only. */
  readonly counters: Uint8Array;
  /** `struct packetlog_runtime`. */
  readonly runtime: Uint8Array;
  /** `struct interface_slots`. */
  readonly slots: Uint8Array;
  /** Descriptor of the map that holds the rule sets. */
  readonly ruleImages: number;
  /** Descriptor of the map that holds the levels of limits. */
  readonly limitStates: number;
  /** Descriptor of the map that holds the connections that are not verified yet. */
  readonly connections: number;
  /** `struct rule_counter` at slot * cpus + cpu. */
  readonly ruleCounters: Uint8Array;
  readonly ruleOwners: RuleOwners;
}

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
  requireLibbpf();
  silenceLibbpf();
  const cpus = possibleCpus();
  const hasFrags = hasXdpHelper(BPF_FUNC_XDP_GET_BUFF_LEN);
  const continued = continueWith(path, options, cpus, hasFrags);
  if (continued) return continued;
  const rejections: TransportRejection[] = [];
  for (const transport of candidates(options.transport, isRealtimeKernel())) {
    const object = prepare(path, options, transport, cpus, hasFrags);
    const { errno } = loadObject(object);
    if (errno === 0) return opened(object, options, transport, cpus, hasFrags);
    closeObject(object);
    rejections.push({ transport: transport.name, errno, log: explainRejection(path, options, transport, cpus) });
    if (errno === ERRNO.EPERM || errno === ERRNO.EACCES) break;
  }
  throw rejectedObject(path, rejections, options.transport);
}

/**
 * Loads the object with the previous loader's maps. Returns undefined if there are none, or they do not match the
 * options.
 */
function continueWith(
  path: string,
  options: ProgramOptions,
  cpus: number,
  hasFrags: boolean,
): LoadedProgram | undefined {
  const { leftover, transport: requested, ringBytes } = options;
  const transport = leftover && reusableTransport(leftover.about, ringBytes, requested);
  if (!transport) return undefined;
  const object = prepare(path, options, transport, cpus, hasFrags);
  if (reuseMaps(object, transport, leftover) && loadObject(object).errno === 0) {
    return opened(object, options, transport, cpus, hasFrags, leftover);
  }
  closeObject(object);
  return undefined;
}

/** Returns false if a map is missing or of another type or size. */
function reuseMaps(object: ObjectPointer, transport: Transport, leftover: LeftoverPins): boolean {
  const map = finder(object);
  return lastingMaps(transport).every((name) => {
    const fd = leftoverMap(leftover, name);
    if (fd === undefined) return false;
    const shape = mapShape(fd);
    const fits = !shape.errno && JSON.stringify(shape.value) === JSON.stringify(plannedShape(map(name)));
    if (fits) need(reuseMap(map(name), fd), 'take over map', name);
    closeDescriptor(fd);
    return fits;
  });
}

function opened(
  object: ObjectPointer,
  options: ProgramOptions,
  transport: Transport,
  cpus: number,
  hasFrags: boolean,
  leftover?: LeftoverPins,
): LoadedProgram {
  const map = finder(object);
  const { single, frags } = PROGRAMS[transport.name];
  const { ringBytes } = options;
  const descriptor = (name: string) => programDescriptor(need(findProgram(object, name), 'find program', name));
  const counters = memoryOf(map(MAPS.counters), INTERFACE_SLOTS * cpus * COUNTERS.size, 'read');
  // Read before the rings are opened: where rings do not outlive their reader, nothing is recorded until then.
  const emitted = emittedSoFar(counters);
  const kept = leftover && ((name: string) => leftoverMap(leftover, name));
  const open = transport.open(map, { ...ringSettings(options, cpus), kept });
  const ruleSlots = ruleCounterSlots(totalmem(), cpus);
  const ruleOwners = RuleOwners.open(ruleSlots, kept?.(RULE_OWNERS));
  const connections = mapDescriptor(map(MAPS.connections));
  seedConnections(connections);
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
    reused: leftover !== undefined,
    before: open.before ?? emitted,
    counters,
    runtime: memoryOf(map(MAPS.runtime), RUNTIME.size, 'read-write'),
    slots: memoryOf(map(MAPS.slots), SLOT_TABLE.size, 'read-write'),
    ruleImages: mapDescriptor(map(MAPS.ruleImages)),
    limitStates: mapDescriptor(map(MAPS.limitStates)),
    connections,
    ruleCounters: memoryOf(map(MAPS.ruleCounters), ruleSlots * cpus * RULE_COUNTER.size, 'read-write'),
    ruleOwners,
  };
}

/** Gives the connections a seed, unless they have that of an earlier loader. */
function seedConnections(fd: number): void {
  const bytes = new Uint8Array(8);
  readShared(fd, CONNECTION_STATE.fields.seed, bytes);
  if (bytes.every((byte) => byte === 0)) writeShared(fd, randomBytes(8));
}

function emittedSoFar(counters: Uint8Array): number {
  const view = new DataView(counters.buffer, counters.byteOffset, counters.byteLength);
  let sum = 0;
  for (let line = 0; line < counters.byteLength; line += COUNTERS.size) {
    sum += Number(view.getBigUint64(line + COUNTERS.fields.emitted, true));
  }
  return sum;
}

/** Maps the values of a mmapable map, shared with the program. */
function memoryOf(map: MapPointer, bytes: number, access: 'read' | 'read-write'): Uint8Array {
  const page = pageSize();
  return mapShared(mapDescriptor(map), 0, Math.ceil(bytes / page) * page, access).subarray(0, bytes);
}
