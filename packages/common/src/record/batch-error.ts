export type BatchFormatErrorCode = 'short' | 'magic' | 'version' | 'shape';

/** Facts of a BatchFormatError. */
export interface BatchFormatFacts {
  /** The correct value; the minimum for sizes, the maximum for counters. */
  readonly expected: number;
  readonly actual: number;
  /** Byte of the input where the batch (for a view: the first stride) begins. */
  readonly position: number;
}

/** Reports bytes that are not a batch, or not a whole one. */
export class BatchFormatError extends Error implements BatchFormatFacts {
  override readonly name = 'BatchFormatError';
  readonly code: BatchFormatErrorCode;
  readonly expected: number;
  readonly actual: number;
  readonly position: number;

  /** `message` contains the problem and the next step. */
  constructor(code: BatchFormatErrorCode, message: string, facts: BatchFormatFacts) {
    super(`batch at byte ${facts.position}: ${message}`);
    this.code = code;
    this.expected = facts.expected;
    this.actual = facts.actual;
    this.position = facts.position;
  }
}
