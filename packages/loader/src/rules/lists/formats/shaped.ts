/** What was made of a list that is not a network a line: lines to be read as one that is. */
export interface Shaped {
  /** One network each, or nothing. */
  readonly lines: readonly string[];
  /** What was taken: sentences. */
  readonly notes: readonly string[];
  /** Why nothing was taken, the end of a sentence about the list that says what to do; then there are no lines. */
  readonly problem?: string;
}
