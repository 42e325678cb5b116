/** Reports bytes that are not a part of a segment file, or a damaged one. */
export class SegmentFormatError extends Error {
  override readonly name = 'SegmentFormatError';
  /** Byte of the given bytes where the problem is. */
  readonly position: number;

  /** `problem`: a clause without a period. */
  constructor(problem: string, position: number) {
    super(problem);
    this.position = position;
  }
}
