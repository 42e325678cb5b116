/** What the filter's input needs to know about the text in it. */
import { type Filter, FilterError, parseFilter } from '@packetlog/common';

export const NO_FILTER = '';

export interface FilterTrouble {
  /** A sentence with the place and, where there is one, the fix. */
  readonly message: string;
  readonly from: number;
  readonly to: number;
  /** To be written from `from` to `to` instead. */
  readonly fix: string | undefined;
}

/** The filter, or what is wrong with its text; both null for an empty text, which lets everything through. */
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

/** `insert` in place of what stands from `from` to `to`, and the cursor behind it. */
export function edited(text: string, from: number, to: number, insert: string): Edit {
  return { text: text.slice(0, from) + insert + text.slice(to), cursor: from + insert.length };
}

/** A word that was chosen, with a space behind it to go on. */
export function completed(text: string, from: number, cursor: number, word: string): Edit {
  const spaced = text[cursor] === ' ' ? word : `${word} `;
  const { text: next, cursor: at } = edited(text, from, cursor, spaced);
  return { text: next, cursor: text[cursor] === ' ' ? at + 1 : at };
}

/** `more` as one condition more: what is there already is put in brackets if it needs them. */
export function narrowed(text: string, more: string): string {
  const now = text.trim();
  if (now === '') return more;
  const whole = /\bor\b|\|\|/i.test(now) ? `(${now})` : now;
  return `${whole} and ${more}`;
}

/** Short enough for a line: the end of a long filter says less than its start. */
export function shortFilter(text: string, characters = 60): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
