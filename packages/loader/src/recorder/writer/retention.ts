/** Chooses the segments to delete: whole files, oldest first. Pure. */

export interface KeptSegment {
  readonly sequence: number;
  readonly bytes: number;
  readonly records: number;
  /** Time of the newest record, in ns since the epoch. */
  readonly toNs: bigint;
}

export interface Limits {
  readonly maxBytes: number;
  /** Segments whose newest record is older expire. Undefined: no limit. */
  readonly oldestNs: bigint | undefined;
}

/** `segments`: from the oldest to the newest; `otherBytes`: of the files that stay; `isProtected`: it stays, too. */
export function expiredSegments(
  segments: readonly KeptSegment[],
  otherBytes: number,
  { maxBytes, oldestNs }: Limits,
  isProtected: (segment: KeptSegment) => boolean = () => false,
): KeptSegment[] {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, otherBytes);
  const expired: KeptSegment[] = [];
  for (const segment of segments) {
    const isOld = oldestNs !== undefined && segment.toNs < oldestNs;
    if (!isOld && bytes <= maxBytes) break;
    if (isProtected(segment)) continue;
    expired.push(segment);
    bytes -= segment.bytes;
  }
  return expired;
}
