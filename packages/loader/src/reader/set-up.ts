/** Creates what the drain thread works with, in the network namespace that it watches. */
import { RUNTIME } from '@packetlog/bpf';
import { parseNetwork, unmapped } from '@packetlog/common';
import { SetupError } from '../errors/setup-error.ts';
import type { DrainOptions, FromDrain } from '../ipc/messages.ts';
import { Slabs } from '../ipc/slabs.ts';
import { objectId } from '../native/bpf-objects.ts';
import { closeDescriptor, createEventfd } from '../native/libc.ts';
import { mapAndSeal, readWaiting } from '../native/server-pipes.ts';
import { lookUpInterface } from '../system/interface-lookup.ts';
import { enterNamespaceAt } from '../system/network-namespace.ts';
import type { OpenTransport } from '../transports/transport.ts';
import { InterfaceCounters } from '../xdp/interface-counters.ts';
import { LimitStates } from '../xdp/limits/limit-states.ts';
import { findLeftoverPins, type LeftoverPins, leftoverMap } from '../xdp/pinning/leftover-pins.ts';
import { Pins } from '../xdp/pinning/pins.ts';
import { type LoadedProgram, loadProgram } from '../xdp/program.ts';
import { RuleCounters } from '../xdp/rule-counters.ts';
import { RuleImages } from '../xdp/rule-images.ts';
import { SlotTable } from '../xdp/slots.ts';
import { type ChosenInterfaces, chooseInterfaces } from './choose-interfaces.ts';
import { Drain } from './drain.ts';
import { Attempts } from './evidence/attempts.ts';
import { RecorderRows } from './rows/recorder-rows.ts';
import { ServerRows } from './rows/server-rows.ts';
import { ServerSlabs } from './rows/server-slabs.ts';
import { SlabWriter } from './rows/slab-writer.ts';
import { Rules } from './rule-requests.ts';
import { ServiceManager } from './service-manager.ts';
import { tolerantKeeper } from './tolerant-link-keeper.ts';
import { Waiter } from './waiter.ts';
import { WatchedInterfaces } from './watched-interfaces.ts';

/** Everything that the drain thread works with. */
export interface Setup {
  program: LoadedProgram;
  transport: OpenTransport;
  drain: Drain;
  /** Attempts to connect, while a limit bans. */
  attempts: Attempts;
  slabWriter: SlabWriter;
  /** Undefined: no server was requested. */
  serverRows: ServerRows | undefined;
  /** Undefined: nothing is recorded. */
  recorderRows: RecorderRows | undefined;
  interfaces: WatchedInterfaces;
  rules: Rules;
  pins: Pins;
  leftover: LeftoverPins | undefined;
  /** The maps of an earlier loader were removed, because its program is on no interface. */
  discarded: boolean;
  chosen: ChosenInterfaces;
  wake: number;
  waiter: Waiter;
  serviceManager: ServiceManager;
  /** Who needs a report each second, also while no packets arrive. */
  readonly reportsWanted: { core: boolean; server: boolean };
  /** A client takes rows as they arrive. */
  lowLatency: boolean;
  /** When the next report is due, by performance.now(). */
  nextReport: number;
}

/** Loads the program and maps its rings; nothing is attached yet. Throws SetupError. */
export function setUp(options: DrainOptions, post: (message: FromDrain) => void): Setup {
  // First: its socket may be in the abstract namespace of this network namespace.
  const serviceManager = new ServiceManager(options.serviceManager);
  if (options.networkNamespace !== undefined) enterNamespaceAt(options.networkNamespace);
  const found = findLeftoverPins(options.bpfFs);
  const leftover = found === 'discarded' ? undefined : found;
  if (leftover && !options.takeOver) throw leftBehind(leftover);
  const chosen = chooseInterfaces(options, leftover !== undefined);
  const { transport: requested, ringBytes, logPermits, clock, sample } = options;
  const program = loadProgram({ transport: requested, ringBytes, logPermits, clock, sample, leftover });
  const pins = new Pins(
    { transport: program.transportName, ringBytes, maps: program.maps },
    options.bpfFs,
    leftover,
    program.reused,
  );
  const slots = new SlotTable(program.slots);
  const counters = new InterfaceCounters(program.counters, program.cpus);
  const unwatched = () => Number(runtimeField(program.runtime, RUNTIME.fields.unwatched_ifindex));
  const keeper = tolerantKeeper(pins, (notice) => post({ type: 'notice', notice }));
  const interfaces = new WatchedInterfaces(program, slots, counters, options.mode, unwatched, keeper);
  if (leftover) interfaces.resume(leftover.links, leftover.names, program.reused);
  const { transport } = program;
  const [ring] = transport.rings;
  if (!ring) throw new Error('no CPU');
  const slabWriter = new SlabWriter({
    slabs: new Slabs(options.slabs),
    stride: ring.stride,
    recordOffset: ring.recordOffset,
    rowsPerSecond: options.rowsPerSecond,
    // A server shows the loss to its clients: the records are lost once, on their way to it.
    simulateLoss: options.server === undefined ? options.simulateLoss : 0,
    now: () => performance.now(),
    post: (slab, count, skipped) => {
      post({ type: 'rows', slab, count, skipped });
      return true;
    },
    postSkipped: (skipped) => post({ type: 'skipped', skipped }),
  });
  const serverRows = openServerRows(options, ring, () => post({ type: 'server-blocked' }));
  const recorderRows = openRecorderRows(options, program, ring);
  const { before, runtime } = program;
  const attempts = new Attempts();
  const drain = new Drain({
    rings: transport.rings,
    attempts,
    interfaces,
    slabWriter,
    serverRows,
    recorderRows,
    runtime,
    before,
    summaries: options.summaries,
  });
  const wake = createEventfd();
  const waiter = new Waiter(wake, transport.descriptors);
  const rules = new Rules(
    new RuleImages(program.ruleImages),
    new LimitStates(program, pins, program.ruleOwners.slots().values(), (name) =>
      leftover && program.reused ? leftoverMap(leftover, name) : undefined,
    ),
    new RuleCounters(program.ruleCounters, program.cpus),
    program.ruleOwners,
    interfaces,
    ({ limitRule, source }) => attempts.evidence(limitRule, unmapped(parseNetwork(source)), performance.now()),
    post,
  );
  drain.setClock();
  for (const name of chosen.names) interfaces.add(lookUpInterface(name), options.waitForInterfaces);
  return {
    program,
    transport,
    drain,
    attempts,
    slabWriter,
    serverRows,
    recorderRows,
    interfaces,
    rules,
    pins,
    leftover,
    discarded: found === 'discarded',
    chosen,
    wake,
    waiter,
    serviceManager,
    reportsWanted: { core: false, server: false },
    lowLatency: false,
    nextReport: 0,
  };
}

/** Maps the memory of the slabs for the server; undefined if no server was requested. */
function openServerRows(
  { server, simulateLoss }: DrainOptions,
  { stride, recordOffset }: { readonly stride: number; readonly recordOffset: number },
  blocked: () => void,
): ServerRows | undefined {
  if (server === undefined) return undefined;
  const rows = new ServerRows({
    slabs: new ServerSlabs(mapAndSeal(server.slabs.writable)),
    stride,
    recordOffset,
    simulateLoss,
    now: () => performance.now(),
    read: readWaiting,
    close: closeDescriptor,
    blocked,
  });
  if (server.pipes) rows.connect(server.pipes);
  return rows;
}

function openRecorderRows(
  { recorder }: DrainOptions,
  { maps, before = 0 }: LoadedProgram,
  { stride, recordOffset }: { readonly stride: number; readonly recordOffset: number },
): RecorderRows | undefined {
  if (recorder === undefined) return undefined;
  const rings = objectId(maps[0]?.fd ?? -1);
  return new RecorderRows(recorder, { stride, recordOffset }, { rings, before }, () => performance.now());
}

function runtimeField(runtime: Uint8Array, offset: number): bigint {
  return new DataView(runtime.buffer, runtime.byteOffset, runtime.byteLength).getBigUint64(offset, true);
}

function leftBehind({ directory }: LeftoverPins): SetupError {
  const { path } = directory;
  directory.close();
  return new SetupError({
    step: 'capture with the pins in',
    target: path,
    problem: 'an earlier loader left its program attached, which still enforces its rules',
    next: 'Start packetlog, which takes over, and capture from it; or remove it: packetlog unload.',
    exit: 'busy',
  });
}
