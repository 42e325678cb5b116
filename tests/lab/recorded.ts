import { PACKET_LOG_SIZE } from '@packetlog/common';
import { listSegments, openSegment } from '@packetlog/loader/segments';

/** Returns the number of records in all segments of a recorder's directory. */
export function recordsIn(directory: string): number {
  return listSegments(directory).reduce((sum, file) => {
    using segment = openSegment(file);
    return sum + (segment?.records().length ?? 0) / PACKET_LOG_SIZE;
  }, 0);
}
