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

/** The filter in a page's `#filter=…`, '' if there is none: it stands behind the hash, so no server sees it. */
export function filterOfHash(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('filter') ?? NO_FILTER;
}

/** The hash that carries the filter and nothing else, '' without one. */
export function hashOfFilter(text: string): string {
  return text.trim() === '' ? '' : `#${new URLSearchParams({ filter: text.trim() })}`;
}

const SAVED = 20;

/** With `text` first; once, and not without end. */
export function withSaved(saved: readonly string[], text: string): readonly string[] {
  return [text, ...saved.filter((each) => each !== text)].slice(0, SAVED);
}

/** What a key does in the filter's input; null: what it does in any input. */
export type KeyAction = 'next' | 'previous' | 'take' | 'apply' | 'close' | 'leave' | null;

export function keyAction(
  key: string,
  { options, chosen, parses, open }: { options: number; chosen: boolean; parses: boolean; open: boolean },
): KeyAction {
  switch (key) {
    case 'ArrowDown':
      return options > 0 ? 'next' : null;
    case 'ArrowUp':
      return options > 0 ? 'previous' : null;
    case 'Tab':
      return chosen ? 'take' : null;
    case 'Enter':
      if (chosen) return 'take';
      return parses ? 'apply' : 'close';
    case 'Escape':
      return open && options > 0 ? 'close' : 'leave';
    default:
      return null;
  }
}
