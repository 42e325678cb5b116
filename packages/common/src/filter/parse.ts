/** Parses a filter's text to data. */
import { Cursor } from './cursor.ts';
import { allOf, anyOf, EVERYTHING, type Filter } from './filter.ts';
import { FilterError } from './filter-error.ts';
import { formatFilter } from './format.ts';
import { filterOfRow } from './pasted-row.ts';
import { rejectRest, rejectTwoTags } from './rejections.ts';
import type { Again } from './term.ts';
import { takeTerm } from './terms.ts';

/** Depth of nested parentheses and nots. */
const MAX_DEPTH = 32;

/**
 * Parses the language of docs/filter.md. Blank text matches everything.
 * @throws FilterError
 */
export function parseFilter(text: string): Filter {
  try {
    return readFilter(new Cursor(text, readsUpTo));
  } catch (error) {
    const row = error instanceof FilterError ? filterOfRow(text) : undefined;
    if (row === undefined) throw error;
    throw new FilterError(
      text,
      { from: 0, to: text.length },
      'this is the row of a packet, not a filter',
      formatFilter(row),
    );
  }
}

function readsUpTo(text: string, column: number): boolean {
  try {
    readFilter(new Cursor(text));
    return true;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return error.from >= column;
  }
}

/** Parses all of the cursor's text. */
export function readFilter(cursor: Cursor): Filter {
  if (cursor.text.trim() === '') {
    cursor.may('term');
    return EVERYTHING;
  }
  const filter = new Parser(cursor).expression(0);
  if (!cursor.atEnd) rejectRest(cursor);
  cursor.end();
  return filter;
}

class Parser {
  readonly #cursor: Cursor;
  #again: Again | undefined;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** As in tcpdump, "and" and "or" have the same precedence, from left to right. */
  expression(depth: number): Filter {
    const cursor = this.#cursor;
    let filter = this.#factor(depth);
    for (;;) {
      cursor.may('connective');
      const isAnd = cursor.is('and');
      if (!isAnd && !cursor.is('or')) return filter;
      const connective = cursor.take('connective');
      const right = this.#factor(depth);
      if (isAnd) rejectTwoTags(cursor, connective, filter, right);
      filter = isAnd ? allOf([filter, right]) : anyOf([filter, right]);
    }
  }

  #factor(depth: number): Filter {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (depth > MAX_DEPTH) cursor.fail(`at most ${MAX_DEPTH} nested parentheses and nots are possible`);
    if (cursor.takeIf('not', 'connective')) return { kind: 'not', term: this.#factor(depth + 1) };
    if (!cursor.takeIf('(', 'connective')) return this.#term();
    const filter = this.expression(depth + 1);
    cursor.may('close');
    if (cursor.atEnd) cursor.fail('a ")" is missing for this', undefined, token);
    if (!cursor.takeIf(')', 'connective')) rejectRest(cursor);
    return filter;
  }

  #term(): Filter {
    const cursor = this.#cursor;
    cursor.countTerm(cursor.token);
    const { filter, again } = takeTerm(cursor, this.#again);
    this.#again = again ?? this.#again;
    return filter;
  }
}
