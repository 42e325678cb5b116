/** Reads what an earlier recorder left in the directory: its segments, and the hot file that it was writing. */
import { MAX_SEGMENT_RECORDS, PACKET_LOG_SIZE } from '@packetlog/common';
import type { SegmentFile } from '../format/segment.ts';
import { listSegments } from '../format/segment-files.ts';
import { repairHotFile } from '../format/write-segment.ts';

export interface Adopted {
  /** Files that stay as they are, in order; hot ones among them are full, or were left for another reason. */
  readonly files: readonly SegmentFile[];
  /** The newest hot file, if it has room. */
  readonly hot: { readonly file: SegmentFile; readonly records: Uint8Array } | undefined;
  /** The highest number in use; 0: none. */
  readonly sequence: number;
}

/** Throws the error of the file system. */
export function adopt(directory: string): Adopted {
  const files = listSegments(directory);
  const last = files.at(-1);
  const sequence = last?.sequence ?? 0;
  if (last?.kind !== 'hot') return { files, hot: undefined, sequence };
  const records = repairHotFile(last.path);
  if (records.length >= MAX_SEGMENT_RECORDS * PACKET_LOG_SIZE) return { files, hot: undefined, sequence };
  return { files: files.slice(0, -1), hot: { file: last, records }, sequence };
}
