/** What is the matter with a filter's text, where, and what to write instead. */

/** Columns from 0, in UTF-16 units as in `text.slice`. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

const SHOWN = 40;

/** `"prot" at column 5: did you mean "port"?` */
export class FilterError extends Error implements TextRange {
  override readonly name = 'FilterError';
  /** What was to be parsed. */
  readonly text: string;
  readonly from: number;
  /** Equal to `from` where something is missing. */
  readonly to: number;
  /** What to write from `from` to `to` instead; the text is then read at least up to its end. */
  readonly fix: string | undefined;
  readonly #problem: string;

  /** `problem`: the rest of a sentence that begins with the place, without its full stop; the fix is added to it. */
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

  /** The same error, for a fix that would not help. */
  withoutFix(): FilterError {
    return new FilterError(this.text, this, this.#problem);
  }

  /** From 1. */
  get column(): number {
    return this.from + 1;
  }
}

/** In quotes, cut to a length for one line, with nothing in it that a terminal obeys. */
export function quoted(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `"${cut.replace(/\p{C}/gu, '\ufffd')}"`;
}
