/** A list of another format, converted to one network per line. */
export interface ConvertedList {
  /** Each line is one network, or empty. */
  readonly lines: readonly string[];
  /** The line of the text that each of `lines` is from; undefined: they have the numbers of the text. */
  readonly lineNumbers?: readonly number[];
  /** Sentences: what was read. */
  readonly notes: readonly string[];
  /** Why nothing was read, as the end of a sentence about the list that says what to do; `lines` is then empty. */
  readonly problem?: string;
}
