/** What the drain thread and the serving thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Ledger, Notice, Summary } from '@packetlog/common';
import type { RequestedMode } from '../kernel/attach-ladder.ts';
import type { PlainError } from '../setup-error.ts';
import type { RequestedTransport } from '../transport/choose.ts';
import type { TransportName } from '../transport/transport.ts';
import type { SlabMemory } from './slabs.ts';

export interface DrainOptions {
  /** Empty: the interface of the default route. */
  interfaces: readonly string[];
  /** Path of a network namespace to work in. */
  networkNamespace: string | undefined;
  mode: RequestedMode;
  transport: RequestedTransport;
  clock: 'precise' | 'cached';
  /** Record 1 of so many permitted packets; 0: by how full the ring is. */
  sample: number;
  /** So many records are lost on purpose, to see the alarm. */
  simulateLoss: number;
  ringBytes: number;
  logPermits: boolean;
  slabs: SlabMemory;
  /** One Int32: 1 when a message waits. Set after the message and the wake-up were sent. */
  signal: SharedArrayBuffer;
  /** Rows per second that the serving thread can use at first; Infinity for all. */
  rowsPerSecond: number;
}

export interface DrainThreadData {
  options: DrainOptions;
  port: MessagePort;
}

/** The ledger but for the client's own part, which the serving thread adds. */
export type DrainLedger = Omit<Ledger, 'client'>;

export type FromDrain =
  | {
      type: 'ready';
      interfaces: Ledger['interfaces'];
      transport: TransportName;
      /** eventfd: 8 bytes written to it make the drain thread read its messages. */
      wake: number;
      stride: number;
      recordOffset: number;
    }
  | { type: 'failed'; error: PlainError }
  /** Slab `slab` holds `count` records and is the receiver's until released; `skipped` more were not wanted. */
  | { type: 'rows'; slab: number; count: number; skipped: number }
  | { type: 'skipped'; skipped: number }
  /** Answers `rows-wanted`: `skipped` passed before it took effect. */
  | { type: 'rows-wanted'; skipped: number }
  | { type: 'second'; ledger: DrainLedger; summary: Summary; clockOffsetNs: bigint }
  | { type: 'notice'; notice: Notice }
  | { type: 'stopped'; ledger: DrainLedger };

export type ToDrain = { type: 'rows-wanted'; perSecond: number } | { type: 'stop' };
