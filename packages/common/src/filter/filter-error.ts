/** Errors in a filter's text: the problem, its position, and a fix. */

/** Columns from 0, in UTF-16 units as in `text.slice`. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

const MAX_SHOWN_CHARACTERS = 40;

/** `"prot" at column 5: did you mean "port"?` */
export class FilterError extends Error implements TextRange {
  override readonly name = 'FilterError';
  /** The text that could not be parsed. */
  readonly text: string;
  readonly from: number;
  /** Equal to `from` where something is missing. */
  readonly to: number;
  /** Replacement for the text from `from` to `to`; with it the text parses at least up to the end of the fix. */
  readonly fix: string | undefined;
  readonly #problem: string;

  /**
   * `problem` is the rest of a sentence that begins with the position, without its full stop; the fix is appended to
   * it.
   */
  constructor(text: string, { from, to }: TextRange, problem: string, fix?: string) {
    const place = from < to ? `${quoted(text.slice(from, to))} at column ${from + 1}` : `At column ${from + 1}`;
    const question = fix === undefined ? '.' : `did you mean ${quoted(fix)}?`;
    const join = fix !== undefined && problem !== '' ? '; ' : '';
    super(`${place}: ${problem}${join}${question}`);
    this.text = text;
    this.from = from;
    this.to = to;
    this.fix = fix;
    this.#problem = problem;
  }

  /** Returns the same error without its fix, for a fix that would not help. */
  withoutFix(): FilterError {
    return new FilterError(this.text, this, this.#problem);
  }

  /** From 1. */
  get column(): number {
    return this.from + 1;
  }
}

/** Quotes text, shortened for one line, without characters that a terminal interprets. */
export function quoted(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return `"${cut.replace(/\p{C}/gu, '\ufffd')}"`;
}
