/** Comparisons as ranges of numbers. */
import type { NumberFilter } from './filter.ts';

export interface Range {
  readonly low: number;
  /** Below `low` in an empty range. */
  readonly high: number;
  /** Wanted is what lies in the range, or what does not. */
  readonly inside: boolean;
}

/** `max`: the largest number that the field holds. */
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
