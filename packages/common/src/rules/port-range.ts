/** Destination ports of a rule: one port, or an inclusive range. */
import { RuleValueError } from './rule-value-error.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const MAX_PORT = 0xffff;
const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * Parses `22`, `"22"` or `"1000-2000"`.
 * @throws RuleValueError for anything else.
 */
export function parsePortRange(value: number | string): PortRange {
  const [, first, last = first] = RANGE.exec(String(value)) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from > MAX_PORT || to > MAX_PORT) {
    throw new RuleValueError(String(value), `is not a port: write 0 to ${MAX_PORT}, or a range as 1000-2000`);
  }
  if (from > to) throw new RuleValueError(String(value), `ends before it begins: write ${to}-${from}`);
  return { from, to };
}

/** Returns a number for one port, `"1000-2000"` for more. */
export function formatPortRange({ from, to }: PortRange): number | string {
  return from === to ? from : `${from}-${to}`;
}
