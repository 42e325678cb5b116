/** Splits a filter's text into words and signs. */
import { FilterError, type TextRange } from './filter-error.ts';

export interface Token extends TextRange {
  /** `end` marks where the text ends or cannot be read on; its text is empty. */
  readonly kind: 'word' | 'string' | 'sign' | 'end';
  /** A string without its quotes, a word as written; synonymous signs have one form. */
  readonly text: string;
}

export interface Tokens {
  /** At least one: the last is `end`. */
  readonly tokens: readonly Token[];
  /** Why the text cannot be read to its end. */
  readonly error: FilterError | undefined;
}

/** Maximum length of a filter in characters. */
export const MAX_FILTER_LENGTH = 4096;

/** Longest first. */
const SIGN = /&&|\|\||!=|<=|>=|==|[()<>=!,]/y;
const WORD = /[^\s()<>=!&|,"']+/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const SPACE = /\s*/y;
const SAME_SIGN: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '!': 'not', '==': '=' };

export function tokensOf(text: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  const end = (error?: FilterError): Tokens => {
    tokens.push({ kind: 'end', text: '', from: at, to: at });
    return { tokens, error };
  };
  if (text.length > MAX_FILTER_LENGTH) {
    const range = { from: MAX_FILTER_LENGTH, to: text.length };
    return end(new FilterError(text, range, `a filter has at most ${MAX_FILTER_LENGTH} characters`));
  }
  for (;;) {
    at += matched(SPACE, text, at)?.length ?? 0;
    if (at === text.length) return end();
    const token = tokenAt(text, at);
    if (token instanceof FilterError) return end(token);
    tokens.push(token);
    at = token.to;
  }
}

function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function tokenAt(text: string, from: number): Token | FilterError {
  const sign = matched(SIGN, text, from);
  if (sign !== undefined) return { kind: 'sign', text: SAME_SIGN[sign] ?? sign, from, to: from + sign.length };
  const word = matched(WORD, text, from);
  if (word !== undefined) return { kind: 'word', text: word, from, to: from + word.length };
  const string = matched(STRING, text, from);
  if (string !== undefined) return stringToken(text, from, string);
  const range = { from, to: from + 1 };
  if (text[from] === '&') return new FilterError(text, range, 'bitwise operators are not supported', '&&');
  if (text[from] === '|') return new FilterError(text, range, 'bitwise operators are not supported', '||');
  if (text[from] === "'") return singleQuotes(text, from);
  return new FilterError(text, { from, to: text.length }, 'the closing quote is missing: add " at the end');
}

function singleQuotes(text: string, from: number): FilterError {
  const end = text.indexOf("'", from + 1);
  const problem = 'names are quoted with " and "';
  if (end < 0) return new FilterError(text, { from, to: from + 1 }, problem);
  return new FilterError(text, { from, to: end + 1 }, problem, JSON.stringify(text.slice(from + 1, end)));
}

function stringToken(text: string, from: number, literal: string): Token | FilterError {
  const to = from + literal.length;
  try {
    return { kind: 'string', text: JSON.parse(literal) as string, from, to };
  } catch {
    const problem = 'a quoted name is written as in JSON: use \\" and \\\\ for quote and backslash';
    return new FilterError(text, { from, to }, problem);
  }
}
