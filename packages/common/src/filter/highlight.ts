/** Which part of a filter's text is what, for colours. */
import { Cursor, type MarkKind } from './cursor.ts';
import { FilterError, type TextRange } from './filter-error.ts';
import { readFilter } from './parse.ts';

/** What is behind an error, or missing, is of no kind: it has no mark. */
export interface Highlight extends TextRange {
  readonly kind: MarkKind | 'error';
}

/** In order, and none over another; spaces are in none. It throws for no text. */
export function highlightFilter(text: string): readonly Highlight[] {
  const cursor = new Cursor(text);
  try {
    readFilter(cursor);
    return cursor.marks;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    // Something missing at the end is not wrong yet.
    if (error.from === error.to) return cursor.marks;
    const before = cursor.marks.filter(({ to }) => to <= error.from);
    const behind = cursor.marks.filter(({ from }) => from >= error.to);
    return [...before, { kind: 'error', from: error.from, to: error.to }, ...behind];
  }
}
