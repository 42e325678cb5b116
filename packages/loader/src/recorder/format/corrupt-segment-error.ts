/** Reports damage in a segment file: which column, and where. */
export class CorruptSegmentError extends Error {
  override readonly name = 'CorruptSegmentError';
  readonly file: string;
  /** A column, or `index`. */
  readonly column: string;
  /** Byte of the file where the damaged part begins. */
  readonly offset: number;
  /** A clause without a period. */
  readonly problem: string;

  constructor(facts: { file: string; column: string; offset: number; problem: string; cause?: unknown }) {
    const { file, column, offset, problem, cause } = facts;
    super(`read segment ${file}: ${column} at byte ${offset} is damaged: ${problem}.`, { cause });
    this.file = file;
    this.column = column;
    this.offset = offset;
    this.problem = problem;
  }
}
