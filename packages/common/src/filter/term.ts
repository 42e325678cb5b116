/** The parts that all terms of a filter share: their type, values in parentheses, comparisons. */
import { type Cursor, type Expected, wordOf } from './cursor.ts';
import { allOf, anyOf, type Comparison, type Filter, type NumberField } from './filter.ts';
import { quoted } from './filter-error.ts';
import { rejectNotInside } from './rejections.ts';
import { isComparison } from './values.ts';
import { TERM_WORDS } from './words.ts';

export type ReadValue = (cursor: Cursor) => Filter;

/** Reads another value like the term's first: `443` in `port 80 or 443`. */
export interface Again {
  readonly takes: Expected;
  readonly read: ReadValue;
}

export interface Term {
  readonly filter: Filter;
  /** Absent for a term without values. */
  readonly again?: Again;
}

export type ReadTerm = (cursor: Cursor, word: string) => Term;

export function number(field: NumberField, value: number, comparison: Comparison = '='): Filter {
  return { kind: 'number', field, comparison, value };
}

/** Reads the value of a term: one, or several as in `port (80 or 443)`. */
export function valued(cursor: Cursor, takes: Expected, read: ReadValue): Term {
  const again = { takes, read };
  rejectNotInside(cursor);
  if (!cursor.is('(') || TERM_WORDS.includes(wordOf(cursor.next))) return { filter: read(cursor), again };
  cursor.take('connective');
  let filter = read(cursor);
  while (!cursor.takeIf(')', 'connective')) {
    cursor.may('connective', 'close');
    const isOr = cursor.is('or');
    if (!isOr && !cursor.is('and')) cursor.fail('"or" or ")" must follow a value in parentheses');
    const join = isOr ? anyOf : allOf;
    cursor.take('connective');
    filter = join([filter, read(cursor)]);
  }
  return { filter, again };
}

export function takeComparison(cursor: Cursor): Comparison {
  const { word } = cursor;
  if (!isComparison(word)) return '=';
  cursor.take('comparison');
  return word;
}

export function takeEquality(cursor: Cursor, word: string): '=' | '!=' {
  const comparison = isComparison(cursor.word) ? cursor.word : '=';
  if (comparison !== '=' && comparison !== '!=') {
    cursor.fail(`${quoted(word)} has no order: only = and != compare it`);
  }
  takeComparison(cursor);
  return comparison;
}
