/** Reads and edits the text of a filter. */
import { type Filter, FilterError, parseFilter } from '@packetlog/common';

export const NO_FILTER = '';

export interface FilterTrouble {
  /** A sentence with the position and, if there is one, the fix. */
  readonly message: string;
  readonly from: number;
  readonly to: number;
  /** Replacement for the text from `from` to `to`. */
  readonly fix: string | undefined;
}

/**
 * Parses a filter. Returns it, or what is wrong with the text; both are null for an empty text, which matches
 * everything.
 */
export function readFilterText(text: string): { filter: Filter | null; trouble: FilterTrouble | null } {
  if (text.trim() === '') return { filter: null, trouble: null };
  try {
    return { filter: parseFilter(text), trouble: null };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const { message, from, to, fix } = error;
    return { filter: null, trouble: { message, from, to, fix } };
  }
}

export interface Edit {
  readonly text: string;
  readonly cursor: number;
}

/** Replaces `from` to `to` of `text` with `insert`, and puts the cursor after it. */
export function edited(text: string, from: number, to: number, insert: string): Edit {
  return { text: text.slice(0, from) + insert + text.slice(to), cursor: from + insert.length };
}

/** Inserts a completed word with a space after it. */
export function completed(text: string, from: number, cursor: number, word: string): Edit {
  const spaced = text[cursor] === ' ' ? word : `${word} `;
  const { text: next, cursor: at } = edited(text, from, cursor, spaced);
  return { text: next, cursor: text[cursor] === ' ' ? at + 1 : at };
}

/** Adds a condition; puts the rest into brackets if needed. */
export function narrowed(text: string, more: string): string {
  const now = text.trim();
  if (now === '') return more;
  const whole = /\bor\b|\|\|/i.test(now) ? `(${now})` : now;
  return `${whole} and ${more}`;
}

/** Cuts a long filter at its end. */
export function shortFilter(text: string, characters = 60): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
