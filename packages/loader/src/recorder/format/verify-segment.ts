/** Checks a segment file: every frame, every value that is checked when it is read, and the sums of the index. */
import { factsOf, PACKET_LOG_FIELDS, type SegmentFacts } from '@packetlog/common';
import { CorruptSegmentError } from './corrupt-segment-error.ts';
import { SealedSegment } from './sealed-segment.ts';
import type { Segment, SegmentFile } from './segment.ts';

/** Returns what is damaged, at most one problem per column; empty: the segment is whole. */
export function verifySegment(segment: Segment): CorruptSegmentError[] {
  if (!(segment instanceof SealedSegment)) return [];
  const problems = [
    ...(segment.indexProblem ? [segment.indexProblem] : []),
    ...problemOf(() => checkNode(segment)),
    ...PACKET_LOG_FIELDS.flatMap(({ name }) => problemOf(() => segment.columns([name]))),
  ];
  return problems.length > 0 ? problems : problemOf(() => checkFacts(segment));
}

/** Returns whether the file is sealed and undamaged; false if it is gone. */
export function isWholeSegment(file: SegmentFile): boolean {
  try {
    using segment = SealedSegment.open(file);
    return segment !== undefined && verifySegment(segment).length === 0;
  } catch (error) {
    if (error instanceof CorruptSegmentError) return false;
    throw error;
  }
}

function problemOf(check: () => unknown): CorruptSegmentError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof CorruptSegmentError) return [error];
    throw error;
  }
}

function checkNode(segment: SealedSegment): string {
  return segment.node;
}

function checkFacts(segment: SealedSegment): void {
  const found = factsOf(segment.columns(['timestamp_ns', 'action', 'weight', 'length']));
  const { records, firstNs, lastNs, actions }: SegmentFacts = segment.facts;
  if (textOf(found) === textOf({ records, firstNs, lastNs, actions })) return;
  throw new CorruptSegmentError({
    file: segment.file.path,
    column: 'index',
    offset: segment.index.frames.reduce((sum, { bytes }) => sum + bytes, 0),
    problem: 'its times or sums are not those of the records',
  });
}

function textOf(facts: SegmentFacts): string {
  return JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
