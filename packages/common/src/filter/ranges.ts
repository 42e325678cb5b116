/** Converts comparisons to ranges of numbers. */
import type { NumberFilter } from './filter.ts';

export interface Range {
  readonly low: number;
  /** Less than `low` in an empty range. */
  readonly high: number;
  /** True: numbers in the range match; false: numbers outside of it. */
  readonly inside: boolean;
}

/** `max`: the largest value of the field. */
export function rangeOf({ comparison, value }: Pick<NumberFilter, 'comparison' | 'value'>, max: number): Range {
  switch (comparison) {
    case '=':
      return { low: value, high: value, inside: true };
    case '!=':
      return { low: value, high: value, inside: false };
    case '<':
      return { low: 0, high: value - 1, inside: true };
    case '<=':
      return { low: 0, high: value, inside: true };
    case '>':
      return { low: value + 1, high: max, inside: true };
    case '>=':
      return { low: value, high: max, inside: true };
  }
}
