/** Lists the segment files of a directory. A sealed file replaces its hot file; after a crash both may be there. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentFile } from './segment.ts';
import { parseSegmentName } from './segment-name.ts';
import { isWholeSegment } from './verify-segment.ts';

/**
 * Returns one file per sequence number, in order. Where a hot and a sealed file are there, the sealed one counts if it
 * is whole. Other files are ignored, and files that vanish meanwhile. Throws the error of the file system.
 */
export function listSegments(directory: string): SegmentFile[] {
  const found = new Map<number, SegmentFile[]>();
  for (const name of readdirSync(directory)) {
    const file = segmentFile(directory, name);
    if (file !== undefined) found.set(file.sequence, [...(found.get(file.sequence) ?? []), file]);
  }
  return [...found.values()].map(chosen).sort((one, other) => one.sequence - other.sequence);
}

/** Returns undefined if the name is no segment's, or the file is gone. */
function segmentFile(directory: string, name: string): SegmentFile | undefined {
  const parsed = parseSegmentName(name);
  if (parsed === undefined) return undefined;
  const path = join(directory, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? { ...parsed, path, bytes: stats.size } : undefined;
}

function chosen(files: readonly SegmentFile[]): SegmentFile {
  const [first] = files as readonly [SegmentFile];
  if (files.length === 1) return first;
  const sealed = files.filter(({ kind }) => kind !== 'hot');
  return sealed.find(isWholeSegment) ?? files.find(({ kind }) => kind === 'hot') ?? first;
}
