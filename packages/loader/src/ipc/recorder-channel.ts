/** What the drain thread and the recorder's thread share. */
import type { MessagePort } from 'node:worker_threads';
import type { SlabMemory } from './slabs.ts';

/** The drain thread's end. */
export interface RecorderChannel {
  readonly port: MessagePort;
  readonly slabs: SlabMemory;
  /** See RecorderCounts. */
  readonly counts: SharedArrayBuffer;
}

/** From the drain thread. `missed`: records lost on the way, since the last message. */
export type ToRecorder =
  /** Sent once, first. `rings`: id in the kernel of a map of the rings; `before`: records that earlier loaders took out. */
  | { type: 'begin'; rings: number; before: number; stride: number; recordOffset: number }
  /** The slab belongs to the recorder until it is released. */
  | { type: 'records'; slab: number; count: number; missed: number }
  /** No record comes with it. */
  | { type: 'missed'; missed: number }
  /** Sent once, last. */
  | { type: 'end'; missed: number };
