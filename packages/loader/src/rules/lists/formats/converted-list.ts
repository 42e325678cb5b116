/** A list of another format, converted to one network per line. */
export interface ConvertedList {
  /** Each line is one network, or empty. */
  readonly lines: readonly string[];
  /** Number in the original text of each of `lines`; undefined if they are the same. */
  readonly lineNumbers?: readonly number[];
  /** How the list was read, as sentences. */
  readonly notes: readonly string[];
  /** Why nothing was read and what to do, as the predicate of a sentence about the list; `lines` is then empty. */
  readonly problem?: string;
}
