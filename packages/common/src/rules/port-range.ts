/** Destination ports of a rule: one port, or an inclusive range. */
import { formatNumberRange, type NumberRange, parseNumberRange } from './number-range.ts';

export type PortRange = NumberRange;

/**
 * Parses `22`, `"22"` or `"1000-2000"`.
 * @throws RuleValueError for anything else.
 */
export function parsePortRange(value: number | string): PortRange {
  return parseNumberRange(value, 'a port');
}

/** Returns a number for one port, `"1000-2000"` for more. */
export const formatPortRange: (range: PortRange) => number | string = formatNumberRange;
