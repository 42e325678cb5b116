/** Splits a filter's text into kinds, for highlighting. */
import { Cursor, type MarkKind } from './cursor.ts';
import { FilterError, type TextRange } from './filter-error.ts';
import { readFilter } from './parse.ts';

/** Text after an error has no kind and no mark. */
export interface Highlight extends TextRange {
  readonly kind: MarkKind | 'error';
}

/** Returns marks in order, without overlaps and without spaces. Never throws. */
export function highlightFilter(text: string): readonly Highlight[] {
  const cursor = new Cursor(text);
  try {
    readFilter(cursor);
    return cursor.marks;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    // An incomplete end is not an error yet.
    if (error.from === error.to) return cursor.marks;
    const before = cursor.marks.filter(({ to }) => to <= error.from);
    const behind = cursor.marks.filter(({ from }) => from >= error.to);
    return [...before, { kind: 'error', from: error.from, to: error.to }, ...behind];
  }
}
