/** Files beside the segments in use that can contain the same records: remains of a crash. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseSegmentName } from '../../recorder/format/segment-name.ts';
import { removeSums } from '../../recorder/format/sums-file.ts';

const UNFINISHED = '.tmp';

/** Removes all files of a segment but the one at `kept`. */
export function removeOthers(directory: string, sequence: number, kept: string | undefined): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (parseSegmentName(name)?.sequence === sequence && path !== kept) rmSync(path, { force: true });
  }
  if (kept === undefined) removeSums(directory, sequence);
}

/** Removes segments that were being written when their recorder was killed; the hot file has their records. */
export function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    const isUnfinished = name.endsWith(UNFINISHED) && parseSegmentName(name.slice(0, -UNFINISHED.length)) !== undefined;
    if (isUnfinished) rmSync(join(directory, name), { force: true });
  }
}
