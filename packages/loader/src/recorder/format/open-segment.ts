/** Opens segment files. */
import { HotSegment } from './hot-segment.ts';
import { SealedSegment } from './sealed-segment.ts';
import type { Segment, SegmentFile } from './segment.ts';
import { SEGMENT_ENDINGS } from './segment-name.ts';

/**
 * Opens a listed file. A hot file that was sealed meanwhile is opened as the sealed one.
 * @returns undefined if the file is gone: its time to be kept is over.
 * @throws CorruptSegmentError, or the error of the file system.
 */
export function openSegment(file: SegmentFile): Segment | undefined {
  return file.kind === 'hot' ? (HotSegment.open(file) ?? openSealed(file)) : SealedSegment.open(file);
}

function openSealed(hot: SegmentFile): Segment | undefined {
  for (const kind of ['zstd', 'gzip'] as const) {
    const path = hot.path.slice(0, -SEGMENT_ENDINGS.hot.length) + SEGMENT_ENDINGS[kind];
    const segment = SealedSegment.open({ ...hot, kind, path });
    if (segment !== undefined) return segment;
  }
  return undefined;
}
