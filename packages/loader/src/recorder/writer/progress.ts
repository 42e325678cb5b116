/**
 * How far the recorder had come, in a small file that is written after each write of records: the next loader compares
 * it with the ring's position and knows how many records were lost between ring and disk when this one was killed.
 */
import { readFileSync, writeSync } from 'node:fs';
import * as z from 'zod/mini';

const count = z.int().check(z.nonnegative());

const progressSchema = z.object({
  /** Changes with every boot. */
  boot_id: z.string(),
  /** Id in the kernel of a map of the rings. */
  rings: count,
  /** Records taken out of these rings that the recorder has handled: recorded, sampled or counted as lost. */
  position: count,
  /** The hot file, and its records when this was written. */
  hot: count,
  hot_records: count,
  /** When this was written, by the wall clock. */
  at_ms: count,
  /** The process that records, and its start (field 22 of /proc/PID/stat); absent in files of earlier versions. */
  pid: z.optional(count),
  started: z.optional(z.string()),
});
export type Progress = z.infer<typeof progressSchema>;

/** One write, which a kill does not tear. */
const BYTES = 256;

/** `fd`: the file, open for writing. Throws the error of the file system. */
export function writeProgress(fd: number, progress: Progress): void {
  writeSync(
    fd,
    JSON.stringify(progress)
      .padEnd(BYTES - 1)
      .concat('\n'),
    0,
  );
}

/** Returns undefined if there is none, or if it is damaged. */
export function readProgress(path: string): Progress | undefined {
  try {
    return progressSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Returns when a process started, in clock ticks since boot; undefined: it does not run. See proc(5). */
export function startOf(pid: number): string | undefined {
  try {
    // The name in parentheses may contain spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Returns the pid of another process that records there; undefined: none does. */
export function otherRecorder(progress: Progress | undefined, bootId: string): number | undefined {
  if (
    progress?.pid === undefined ||
    progress.started === undefined ||
    progress.pid === process.pid ||
    progress.boot_id !== bootId
  )
    return undefined;
  return startOf(progress.pid) === progress.started ? progress.pid : undefined;
}

/** What a loader knows of the rings that it reads. */
export interface RingPosition {
  readonly bootId: string;
  readonly rings: number;
  /** Records that previous loaders took out of them. */
  readonly before: number;
}

/**
 * Returns the number of records that an earlier loader took out of the same rings and that are not recorded. `hotRecords`:
 * records in the hot file as it is now, by its number.
 */
export function missingRecords(
  progress: Progress | undefined,
  now: RingPosition,
  hotRecords: (hot: number) => number | undefined,
): number {
  if (progress === undefined || progress.boot_id !== now.bootId || progress.rings !== now.rings) return 0;
  // Records can have been written after the progress was.
  const written = (hotRecords(progress.hot) ?? progress.hot_records) - progress.hot_records;
  return Math.max(0, now.before - progress.position - Math.max(0, written));
}
