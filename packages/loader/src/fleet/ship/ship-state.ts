/**
 * How far the node has shipped its recorded packets, on the disk: `ship.json`, and `ship.records` with the records that
 * are being shipped, so that a block has the same rows when it is sent again, whatever happened in between.
 */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { prepareFile } from '../../rules/store/atomic-file.ts';

const count = z.number().int().nonnegative();

/** A segment whose records were counted. */
const countedSchema = z.strictObject({
  number: count,
  /** Records that were counted; the newest segment grows. */
  records: count,
  /** Those that are offered to the hub. */
  selected: count,
  /** Whether permitted packets are offered, too. */
  all: z.boolean(),
});
export type CountedSegment = z.infer<typeof countedSchema>;

const minuteSchema = z.strictObject({
  minute: count,
  ip_protocol: count,
  action: count,
  rule_id: count,
  packets: count,
  bytes: count,
  records: count,
});

/** Records that are being shipped: those selected of a part of a segment, and the sums by minute of all of it. */
const chunkSchema = z.strictObject({
  /** Of ship.records. */
  records: count,
  sums: z.array(minuteSchema),
  /** Blocks that are done. */
  done: count,
});

const stateSchema = z.strictObject({
  /** Origin of the hub that gets the blocks; '': none yet. */
  hub: z.string(),
  stream: z.string(),
  /** Of the next block. */
  sequence: count,
  /** The policy for segments that are counted from now on. */
  all: z.boolean(),
  /** From here on records are in no chunk yet. */
  next: z.strictObject({ segment: count, offset: count }),
  /** Selected records of the segment `next.segment` before `next.offset`. */
  taken: count,
  segments: z.array(countedSchema),
  chunk: chunkSchema.optional(),
  ledger: z.strictObject({ offered: count, acked: count, expired: count, rejected: count }),
});
export type ShipState = z.infer<typeof stateSchema>;

const statePath = (directory: string) => join(directory, 'ship.json');
const recordsPath = (directory: string) => join(directory, 'ship.records');

/** Returns undefined if there is none. A damaged one is renamed, and `damaged` returned. Throws the file system's error. */
export function readShipState(directory: string): ShipState | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(statePath(directory), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    renameSync(statePath(directory), `${statePath(directory)}.damaged`);
    return 'damaged';
  }
}

/** Throws the file system's error. */
export function writeShipState(directory: string, state: ShipState): void {
  replace(statePath(directory), JSON.stringify(state));
}

/** Call before `writeShipState` with the chunk. Throws the file system's error. */
export function writeShipRecords(directory: string, records: Uint8Array): void {
  replace(recordsPath(directory), records);
}

/** Throws the file system's error. */
export function readShipRecords(directory: string): Uint8Array {
  return readFileSync(recordsPath(directory));
}

/** Records are shipped: they are not kept on the disk twice. */
export function removeShipRecords(directory: string): void {
  rmSync(recordsPath(directory), { force: true });
}

/** As writeAtomically, which changes the user of the process for root: only the main thread can. */
function replace(path: string, content: string | Uint8Array): void {
  const prepared = prepareFile(path, content);
  try {
    prepared.commit();
  } catch (error) {
    prepared.abandon();
    throw error;
  }
}
