/** The XDP object for one transport, configured and not loaded yet. */
import { totalmem } from 'node:os';
import { CLOCK_POLICIES, INTERFACE_SLOTS, KNOBS, MAPS, PROGRAMS } from '@packetlog/bpf';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { type ClockPolicy, clockWith } from '../ipc/clock-policy.ts';
import type { RequestedTransport, TransportName } from '../ipc/settings.ts';
import { need } from '../native/check.ts';
import {
  closeObject,
  findMap,
  findProgram,
  loadObject,
  type MapPointer,
  type ObjectPointer,
  openObject,
  setAutocreate,
  setAutoload,
  setInitialValue,
  setMaxEntries,
  setVerifierLog,
} from '../native/libbpf.ts';
import { pageSize } from '../native/libc.ts';
import { denyRingBytes } from '../transports/ring-size.ts';
import type { Transport, TransportSettings } from '../transports/transport.ts';
import { lastLines } from './load-errors.ts';
import type { LeftoverPins } from './pinning/leftover-pins.ts';
import { ruleCounterSlots } from './rule-counters.ts';

export interface ProgramOptions {
  transport: RequestedTransport;
  /**
   * Bytes of each CPU's ring of permits: a power of two and a multiple of the page size. The rings of denies are
   * smaller.
   */
  ringBytes: number;
  /** False: count packets, write no records. */
  logPermits: boolean;
  clock: ClockPolicy;
  /** Record one of this many permitted packets, a power of two; 0: adapt to the fill level of the ring. */
  sample: number;
  objectPath?: string;
  /** The previous loader's pins: its maps are reused if they match the options. */
  leftover?: LeftoverPins | undefined;
}

const VERIFIER_LOG_BYTES = 1 << 20;
/** Maps that only one transport uses. Those of the others are not created: an old kernel may lack their type. */
const TRANSPORT_MAPS: Readonly<Record<TransportName, readonly string[]>> = {
  array: [MAPS.arrayRecords, MAPS.arrayControl, MAPS.doorbell],
  ring: [MAPS.permits, MAPS.denies],
  perf: [MAPS.perfPermits, MAPS.perfDenies],
};

/** Returns the names of the object's maps that outlive a loader. */
export function lastingMaps(transport: Transport): string[] {
  const others = Object.entries(TRANSPORT_MAPS).flatMap(([name, maps]) => (name === transport.name ? [] : maps));
  return Object.values(MAPS).filter((name) => name !== MAPS.knobs && !others.includes(name));
}

export function finder(object: ObjectPointer): (name: string) => MapPointer {
  return (name) => need(findMap(object, name), 'find map', name);
}

export function ringSettings({ ringBytes }: ProgramOptions, cpus: number): TransportSettings {
  return { cpus, ringBytes, denyBytes: denyRingBytes(ringBytes, pageSize()) };
}

/** Opens and configures an object without loading it. */
export function prepare(
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
  need(setMaxEntries(map(MAPS.limitStates), ruleSlots), 'size map', MAPS.limitStates);
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

/** Loads again with the verifier's log on, only to report why loading failed. */
export function explainRejection(path: string, options: ProgramOptions, transport: Transport, cpus: number): string {
  const object = prepare(path, options, transport, cpus, false);
  const log = new Uint8Array(VERIFIER_LOG_BYTES);
  const { single } = PROGRAMS[transport.name];
  setVerifierLog(need(findProgram(object, single), 'find program', single), log);
  loadObject(object);
  closeObject(object);
  return lastLines(log);
}
