/** What the drain thread and the serving thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { InForce, Ledger, Notice, Summary } from '@packetlog/common';
import type { PlainError } from '../errors/setup-error.ts';
import type { ClockPolicy } from './clock-policy.ts';
import type { RuleCount } from './rule-counts.ts';
import type { RuleSlot } from './rule-slot.ts';
import type { RequestedMode, RequestedTransport, TransportName } from './settings.ts';
import type { SlabMemory } from './slabs.ts';

export interface DrainOptions {
  /** Empty: the interface of the default route. */
  interfaces: readonly string[];
  /** Path of a network namespace to work in. */
  networkNamespace: string | undefined;
  mode: RequestedMode;
  transport: RequestedTransport;
  clock: ClockPolicy;
  /** Record 1 of so many permitted packets; 0: by how full the ring is. */
  sample: number;
  /** So many records are lost on purpose, to see the alarm. */
  simulateLoss: number;
  ringBytes: number;
  logPermits: boolean;
  /** Whether anybody can read what the records of a second say. */
  summaries: boolean;
  slabs: SlabMemory;
  /** One Int32: 1 when a message waits. Set after the message and the wake-up were sent. */
  signal: SharedArrayBuffer;
  /** Rows per second that the serving thread can use at first; Infinity for all. */
  rowsPerSecond: number;
  /** Whether program and maps are to outlive the process: when the serving thread says so, from the start, or never. */
  pin: 'auto' | 'always' | 'never';
  /** The bpf file system to pin in; undefined: the usual one. */
  bpfFs: string | undefined;
  /** Whether to go on with what a loader that ended left. If not, setting up fails where there is something. */
  takeOver: boolean;
}

export interface DrainThreadData {
  options: DrainOptions;
  port: MessagePort;
}

/** The ledger but for the client's own part, which the serving thread adds. */
export type DrainLedger = Omit<Ledger, 'client'>;

/** What rules can be compiled for, known before anything is attached; it never changes. */
export interface CompileTarget {
  /** In the order of the ledger's interfaces, whose names may change. */
  interfaces: readonly { name: string; slot: number }[];
  /** Counter slots, slot 0 included, which belongs to no rule. */
  counterSlots: number;
  /** Counter slot by rule, as a loader before left it: they go on. Rules that are no more may be among them. */
  counters?: ReadonlyMap<number, number>;
  /** Directory of the network tables (`tcp`, `route`, …) of the namespace that is watched. */
  tables: string;
}

/** An interface with our program on it, as its link in the kernel says. */
export type AttachedInterface = Pick<Ledger['interfaces'][number], 'name' | 'ifindex' | 'mode'>;

/** A watched interface on which no rule acts, and why. */
export type UnfilteredInterface = NonNullable<InForce['not_filtered']>[number];

export type FromDrain =
  /** The program is loaded and waits for `attach`. `wake`: eventfd, 8 bytes written to it make the drain thread read its messages. */
  | { type: 'loaded'; ground: CompileTarget; wake: number }
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
    }
  | { type: 'failed'; error: PlainError }
  /** Slab `slab` holds `count` records and is the receiver's until released; `skipped` more were not wanted. */
  | { type: 'rows'; slab: number; count: number; skipped: number }
  | { type: 'skipped'; skipped: number }
  /** Answers `rows-wanted`: `skipped` passed before it took effect. */
  | { type: 'rows-wanted'; skipped: number }
  /** `ruleCounts`: of the rules that decided something since the last one; also sent at `stopped` and on request. */
  | { type: 'second'; ledger: DrainLedger; summary: Summary; clockOffsetNs: bigint; ruleCounts: RuleCount[] }
  /** Answers `rules`: the set is in force, or with `error` the old one still is. */
  | { type: 'rules'; request: number; error: PlainError | undefined }
  /** Answers `rule-counts`. */
  | { type: 'rule-counts'; request: number; ruleCounts: RuleCount[] }
  /** Answers `in-force`. `images`: the kernel holds the rule sets that were published last. */
  | {
      type: 'in-force';
      request: number;
      images: boolean;
      attached: readonly AttachedInterface[];
      unfiltered: readonly UnfilteredInterface[];
    }
  /** Answers `pin`. */
  | { type: 'pinned'; pinned: string | undefined; error: PlainError | undefined }
  /** Answers `watched`, before any rows that were wanted afterwards; later ones come with each `second`. */
  | { type: 'clock'; offsetNs: bigint }
  | { type: 'notice'; notice: Notice }
  /** `pinned`: program and maps stay, and go on. */
  | { type: 'stopped'; ledger: DrainLedger; ruleCounts: RuleCount[]; pinned: string | undefined };

export type ToDrain =
  | { type: 'rows-wanted'; perSecond: number }
  /** Whether somebody reads summaries and the ledger each second. If not, none are made while nothing comes. */
  | { type: 'has-clients'; hasClients: boolean }
  /** Whether somebody takes rows as they come. */
  | { type: 'lowLatency'; lowLatency: boolean }
  /** Once, after `loaded`: rules sent before it are in force from the first packet on. */
  | { type: 'attach' }
  /**
   * A whole rule set takes the place in `slot`; undefined: none does. `freshCounters`: counter slots that no set in
   * force uses and this one does; they are zeroed first.
   */
  | {
      type: 'rules';
      request: number;
      slot: RuleSlot;
      image: SharedArrayBuffer | undefined;
      freshCounters: readonly number[];
      /** Counter slot by rule, for the loader that takes over one day. */
      owners: ReadonlyMap<number, number>;
    }
  /** Asks for what these counters stand at now. */
  | { type: 'rule-counts'; request: number; slots: readonly number[] }
  /** Asks what the kernel has: rule sets, and the program on interfaces. */
  | { type: 'in-force'; request: number }
  /** Program and maps are to outlive the process, or not. */
  | { type: 'pin'; on: boolean }
  | { type: 'stop' };
