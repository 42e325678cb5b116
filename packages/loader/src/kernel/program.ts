/** Opens, configures and loads the XDP object, and makes its rings. */
import { existsSync } from 'node:fs';
import { COUNTERS, INTERFACE_SLOTS, KNOBS, LIVE, MAPS, OBJECT_PATH, PROGRAMS, SLOT_TABLE_SIZE } from '@packetlog/bpf';
import {
  BPF_FUNC_XDP_GET_BUFF_LEN,
  createRing,
  findMap,
  findProgram,
  hasXdpHelper,
  loadObject,
  type MapPointer,
  mapDescriptor,
  type ObjectPointer,
  type Outcome,
  openObject,
  programDescriptor,
  putMap,
  setAutoload,
  setInitialValue,
  setMaxEntries,
  setVerifierLog,
  silenceLibbpf,
} from '../native/libbpf.ts';
import { mapShared, pageSize } from '../native/libc.ts';
import { SetupError } from '../setup-error.ts';
import { lastLines, refusedObject } from './object-errors.ts';
import { onlineCpus, possibleCpus } from './possible-cpus.ts';

export interface ProgramOptions {
  /** Bytes of each online CPU's ring: a power of two and a multiple of the page. */
  ringBytes: number;
  /** False: count, write no record. */
  logPermits: boolean;
  objectPath?: string;
}

export interface LoadedProgram {
  /** Descriptors for attaching. `frags` is absent before Linux 5.18. */
  readonly single: number;
  readonly frags: number | undefined;
  readonly cpus: number;
  /** Descriptors of the permits rings, by CPU, and their bytes. */
  readonly rings: readonly { fd: number; bytes: number }[];
  /** `struct interface_counters` for slot * cpus + cpu, read-only. */
  readonly counters: Uint8Array;
  /** `struct packetlog_live`. */
  readonly live: Uint8Array;
  /** Slot by the low 16 bits of an ifindex. */
  readonly slots: Uint8Array;
}

/** Rings of CPUs that are offline now: small, but there, should the CPU come online. */
const OFFLINE_RING_BYTES = 64 * 1024;
const VERIFIER_LOG_BYTES = 1 << 20;

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
  const object = need(openObject(path), 'open program', path);
  const cpus = possibleCpus();
  configure(object, options, cpus);

  const single = need(findProgram(object, PROGRAMS.single), 'find program', PROGRAMS.single);
  const frags = need(findProgram(object, PROGRAMS.frags), 'find program', PROGRAMS.frags);
  const hasFrags = hasXdpHelper(BPF_FUNC_XDP_GET_BUFF_LEN);
  need(setAutoload(frags, hasFrags), 'configure program', PROGRAMS.frags);

  const verifierLog = new Uint8Array(VERIFIER_LOG_BYTES);
  const loaded = loadObject(object);
  if (loaded.errno) {
    throw refusedObject(path, loaded.errno, explainRefusal(path, options, cpus, verifierLog));
  }

  const map = (name: string) => need(findMap(object, name), 'find map', name);
  return {
    single: programDescriptor(single),
    frags: hasFrags ? programDescriptor(frags) : undefined,
    cpus,
    rings: makeRings(mapDescriptor(map(MAPS.permits)), cpus, options.ringBytes),
    counters: memoryOf(map(MAPS.counters), INTERFACE_SLOTS * cpus * COUNTERS.size, 'read'),
    live: memoryOf(map(MAPS.live), LIVE.size, 'read-write'),
    slots: memoryOf(map(MAPS.slots), SLOT_TABLE_SIZE, 'read-write'),
  };
}

function need<T>(outcome: Outcome<T>, step: string, target: string): T {
  if (outcome.errno) throw new SetupError({ step, target, errno: outcome.errno, exit: 'unsupported' });
  return outcome.value;
}

function configure(object: ObjectPointer, options: ProgramOptions, cpus: number): void {
  const map = (name: string) => need(findMap(object, name), 'find map', name);
  const knobs = new DataView(new ArrayBuffer(KNOBS.size));
  knobs.setUint32(KNOBS.fields.cpu_count, cpus, true);
  knobs.setUint32(KNOBS.fields.log_permits, options.logPermits ? 1 : 0, true);
  need(setInitialValue(map(MAPS.knobs), new Uint8Array(knobs.buffer)), 'configure', MAPS.knobs);
  need(setMaxEntries(map(MAPS.counters), INTERFACE_SLOTS * cpus), 'configure', MAPS.counters);
  need(setMaxEntries(map(MAPS.permits), cpus), 'configure', MAPS.permits);
}

/** Loads a second time with the verifier's log on, only to be able to say why it failed. */
function explainRefusal(path: string, options: ProgramOptions, cpus: number, log: Uint8Array): string {
  const again = openObject(path);
  if (again.errno) return '';
  configure(again.value, options, cpus);
  const single = findProgram(again.value, PROGRAMS.single);
  const frags = findProgram(again.value, PROGRAMS.frags);
  if (single.errno || frags.errno) return '';
  setAutoload(frags.value, false);
  setVerifierLog(single.value, log);
  loadObject(again.value);
  return lastLines(log);
}

function makeRings(outer: number, cpus: number, bytes: number): { fd: number; bytes: number }[] {
  const online = onlineCpus();
  return Array.from({ length: cpus }, (_, cpu) => {
    const size = online.has(cpu) ? bytes : Math.min(bytes, OFFLINE_RING_BYTES);
    const ring = createRing(`permits_${cpu}`, size);
    if (ring.errno) {
      throw new SetupError({
        step: 'make ring',
        target: `for CPU ${cpu} (${size} bytes)`,
        errno: ring.errno,
        next: 'Try a smaller --ring-size; before Linux 5.11 also: ulimit -l unlimited.',
        exit: 'failed',
      });
    }
    need(putMap(outer, cpu, ring.value), 'place ring', `for CPU ${cpu}`);
    return { fd: ring.value, bytes: size };
  });
}

/** Memory of a mmapable map's values, shared with the program. */
function memoryOf(map: MapPointer, bytes: number, access: 'read' | 'read-write'): Uint8Array {
  const page = pageSize();
  return mapShared(mapDescriptor(map), 0, Math.ceil(bytes / page) * page, access).subarray(0, bytes);
}
