/** One number of 0 to 65,535, or an inclusive range of them: ports, lengths of frames. */
import { RuleValueError } from './rule-value-error.ts';

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

export const MAX_RANGE = 0xffff;
const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * Parses `22`, `"22"` or `"1000-2000"`; `what`: what the numbers are, for the error.
 * @throws RuleValueError for anything else.
 */
export function parseNumberRange(value: number | string, what: string): NumberRange {
  const [, first, last = first] = RANGE.exec(String(value)) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from > MAX_RANGE || to > MAX_RANGE) {
    throw new RuleValueError(String(value), `is not ${what}: write 0 to ${MAX_RANGE}, or a range as 1000-2000`);
  }
  if (from > to) throw new RuleValueError(String(value), `ends before it begins: write ${to}-${from}`);
  return { from, to };
}

/** Returns a number for one, `"1000-2000"` for more. */
export function formatNumberRange({ from, to }: NumberRange): number | string {
  return from === to ? from : `${from}-${to}`;
}
