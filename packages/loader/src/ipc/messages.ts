/** Messages between the drain thread and the serving thread. */
import type { MessagePort } from 'node:worker_threads';
import type { Findings, HopLedger, InForce, Ledger, Notice, Summary } from '@packetlog/common';
import type { ShipLedger } from '@packetlog/common/fleet';
import type { PlainError } from '../errors/setup-error.ts';
import type { AlertReport } from './alerts/alerts-access.ts';
import type { ClockPolicy } from './clock-policy.ts';
import type { WatchedAttempts } from './evidence/attempt-evidence.ts';
import type { PinPlace } from './pin-place.ts';
import type { ReaderState } from './reader-state.ts';
import type { RecorderChannel } from './recorder-channel.ts';
import type { LimitStateCopy, ObservedOffender, RuleCount } from './rule-counts.ts';
import type { RuleSlot } from './rule-slot.ts';
import type { ServiceManagerSettings } from './service-manager-settings.ts';
import type { RequestedMode, RequestedTransport, TransportName } from './settings.ts';
import type { SlabMemory } from './slabs.ts';

export interface DrainOptions {
  /** Empty: the interface of the default route. */
  interfaces: readonly string[];
  /** Whether to wait for interfaces that do not exist yet. */
  waitForInterfaces: boolean;
  /** Names of the interfaces at the last start, for a start before there is a default route. */
  lastInterfaces: readonly string[];
  /** Path of the network namespace to work in. */
  networkNamespace: string | undefined;
  mode: RequestedMode;
  transport: RequestedTransport;
  clock: ClockPolicy;
  /** Record one of this many permitted packets; 0: adapt to the fill level of the ring. */
  sample: number;
  /**
   * Number of records to lose on purpose, to show the alarm: on their way to the server; without a server, to the main
   * thread.
   */
  simulateLoss: number;
  ringBytes: number;
  logPermits: boolean;
  /** Whether summaries of the records are needed: false if no client can read them. */
  summaries: boolean;
  slabs: SlabMemory;
  /** Undefined: no server was requested. */
  server: { slabs: SlabDescriptors; pipes: PipeEnds | undefined } | undefined;
  /** One Int32: 1 when a message is waiting. Set after the message and the wake-up were sent. */
  signal: SharedArrayBuffer;
  /** Rows per second that the main thread can use at first; Infinity for all. */
  rowsPerSecond: number;
  /**
   * Whether program and maps outlive the process: `auto` when the serving thread requests it, `always` from the start.
   */
  pin: 'auto' | 'always' | 'never';
  /** Where to pin; undefined: the usual bpf file system. */
  bpfFs: PinPlace | undefined;
  /** Whether to take over the pins of a loader that ended. If false, setup fails when there are any. */
  takeOver: boolean;
  serviceManager: ServiceManagerSettings;
  /** Undefined: nothing is recorded. */
  recorder: RecorderChannel | undefined;
}

/** Descriptors of the memory of the slabs for the server. */
export interface SlabDescriptors {
  readonly writable: number;
  readonly readOnly: number;
}

/** One end of each pipe between core and server process, as file descriptors. */
export interface PipeEnds {
  /** From the core: row-marks.ts. */
  readonly marks: number;
  /** From the server: the numbers of slabs that it has read. */
  readonly released: number;
  /** For messages, if there is no socket for them: the ends to read from and to write to. */
  readonly messages?: { readonly in: number; readonly out: number } | undefined;
}

/**
 * How a server process gets its ends: they are passed over a Unix socket, with the slabs, and this socket is for
 * messages, too; or they are inherited, and there is a socket for messages (`child`) or are pipes for them (`messages`).
 */
export type PassTo = { readonly socket: number } | 'child' | 'messages';

/** Both ends of the pipes; `server` is undefined if they were passed to the server already. */
export interface ServerPipes {
  readonly core: PipeEnds;
  readonly server: PipeEnds | undefined;
}

export interface DrainThreadData {
  options: DrainOptions;
  port: MessagePort;
}

/** The ledger without the client's own part, which the server adds. */
export interface DrainLedger extends Omit<Ledger, 'client'> {
  /** From the drain thread to the core's main thread, which prints and dry-runs. */
  readonly queue: HopLedger;
  /** From the drain thread to the server process; absent with `--listen off`. */
  readonly server?: HopLedger;
  /** For metrics, not for clients; only reports have it. */
  readonly reader?: ReaderState;
  /** For metrics; the core's main thread adds it. */
  readonly alerts?: AlertReport;
  /** Blocks for the hub; absent: there is no hub, or nothing is recorded. */
  readonly ship?: ShipLedger | undefined;
}

/** The slots and tables that rules are compiled for. Fixed before anything is attached. */
export interface CompileTarget {
  /** In the order of the ledger's interfaces, whose names may change. */
  interfaces: readonly { name: string; slot: number }[];
  /** Number of counter slots, including slot 0, which belongs to no rule. */
  counterSlots: number;
  /** Counter slot by rule, as the previous loader left it: the counts continue. May include deleted rules. */
  counters?: ReadonlyMap<number, number>;
  /** Directory of the network tables (`tcp`, `route`, …) of the watched namespace. */
  tables: string;
}

/** An interface that has our program, according to its link in the kernel. */
export type AttachedInterface = Pick<Ledger['interfaces'][number], 'name' | 'ifindex' | 'mode'>;

/** A watched interface on which no rule acts, and why. */
export type UnfilteredInterface = NonNullable<InForce['not_filtered']>[number];

export type FromDrain =
  /**
   * The program is loaded and waits for `attach`. `wake`: eventfd; writing 8 bytes to it makes the drain thread read
   * its messages.
   */
  | { type: 'loaded'; target: CompileTarget; wake: number }
  | {
      type: 'ready';
      interfaces: Ledger['interfaces'];
      transport: TransportName;
      stride: number;
      recordOffset: number;
      /** Directory of the pins, if there are any. */
      pinned: string | undefined;
      /** Interfaces with a default route that are not watched, because another route is preferred. */
      otherRoutes: readonly string[];
      /** About the watched interfaces, as sentences: one is down, or a member of another device. */
      warnings: readonly string[];
    }
  | { type: 'failed'; error: PlainError }
  /** Slab `slab` holds `count` records and belongs to the receiver until released; `skipped` more were withheld. */
  | { type: 'rows'; slab: number; count: number; skipped: number }
  | { type: 'skipped'; skipped: number }
  /**
   * `number`: of the mark in the pipe to the server. `findings`: undefined if they have not changed. `newSources`: per
   * second; undefined if they are not counted, or not known yet. `ruleCounts`: of the rules that decided a packet since
   * the last message; also sent with `stopped` and on request.
   */
  | {
      type: 'second';
      number: number;
      ledger: DrainLedger;
      summary: Summary;
      findings: Findings | undefined;
      newSources: number | undefined;
      clockOffsetNs: bigint;
      ruleCounts: RuleCount[];
    }
  /**
   * Answers `rules`: the set is in force, or with `error` the old set still is. Answers `end-rules`: they have ended, or with
   * `error` not in all slots.
   */
  | { type: 'rules'; request: number; error: PlainError | undefined }
  /** Answers `rule-counts`. */
  | { type: 'rule-counts'; request: number; ruleCounts: RuleCount[] }
  /** Answers `in-force`. `images`: whether the kernel contains the rule sets that were published last. */
  | {
      type: 'in-force';
      request: number;
      images: boolean;
      attached: readonly AttachedInterface[];
      unfiltered: readonly UnfilteredInterface[];
    }
  /** Answers `limit-state`. `state`: undefined if there is no such limit. */
  | { type: 'limit-state'; request: number; state: LimitStateCopy | undefined; error: PlainError | undefined }
  /**
   * Sources that limits with a ban have found over, new or with more connections, at most every 500 ms. `error`: the levels
   * cannot be read, until the rules change.
   */
  | { type: 'offenders'; offenders: readonly ObservedOffender[]; error: PlainError | undefined }
  /** Answers `pin`. */
  | { type: 'pinned'; pinned: string | undefined; error: PlainError | undefined }
  /** The server process does not read its rows. */
  | { type: 'server-blocked' }
  /** Answers `make-pipes`. */
  | { type: 'pipes'; pipes: ServerPipes; error: undefined }
  | { type: 'pipes'; pipes: undefined; error: PlainError }
  | { type: 'notice'; notice: Notice }
  /** `pinned`: directory of the pins when program and maps stay in the kernel. */
  | { type: 'stopped'; ledger: DrainLedger; ruleCounts: RuleCount[]; pinned: string | undefined };

export type ToDrain =
  | { type: 'rows-wanted'; by: 'core' | 'server'; perSecond: number }
  /**
   * Whether a client of the server, or the core, reads summaries and the ledger each second. If neither does, none are
   * produced while no packets arrive.
   */
  | { type: 'has-clients'; by: 'core' | 'server'; hasClients: boolean }
  /** Whether new sources are counted, for alerts. */
  | { type: 'new-sources-wanted'; isWanted: boolean }
  /** Clients and commands are accepted from now on. `status`: a line for the service manager. */
  | { type: 'serving'; status: string }
  /** Whether a client takes rows as they arrive. */
  | { type: 'low-latency'; lowLatency: boolean }
  /** Requests pipes for a server process. */
  | { type: 'make-pipes'; passTo: PassTo }
  /** A server process has started with these pipes; the drain thread closes its ends when that server ends. */
  | { type: 'server-started'; pipes: PipeEnds }
  | { type: 'server-ended' }
  /** Sent once, after `loaded`: rules sent before it are in force from the first packet on. */
  | { type: 'attach' }
  /**
   * Replaces the rule set in `slot` with a whole new set; undefined: with none. `freshCounters`: counter slots that no
   * set in force uses and this one does; they are zeroed first.
   */
  | {
      type: 'rules';
      request: number;
      slot: RuleSlot;
      image: SharedArrayBuffer | undefined;
      freshCounters: readonly number[];
      /** Counter slot by rule, for a loader that takes over later. */
      owners: ReadonlyMap<number, number>;
    }
  /** Ends these rules, which have an end, in both slots, without replacing the rule sets. */
  | { type: 'end-rules'; request: number; ids: readonly number[] }
  /** Requests the current values of these counters. */
  | { type: 'rule-counts'; request: number; slots: readonly number[] }
  /** Requests the kernel's state: rule sets, and where the program is attached. */
  | { type: 'in-force'; request: number }
  /** Requests the levels of the limit with this counter slot. */
  | { type: 'limit-state'; request: number; slot: number }
  /** The limits that ban: attempts to connect are followed for them, as evidence. */
  | { type: 'attempts'; limits: readonly WatchedAttempts[] }
  /** Whether program and maps outlive the process. */
  | { type: 'pin'; on: boolean }
  | { type: 'stop' };
