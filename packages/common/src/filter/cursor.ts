/** A place in a filter's text; it remembers what was read as what, for colours, and what could follow, for completion. */
import { FilterError, type TextRange } from './filter-error.ts';
import { nearest } from './nearest.ts';
import { type Token, type Tokens, tokensOf } from './tokens.ts';
import { SAME_WORD } from './words.ts';

export type MarkKind = 'keyword' | 'connective' | 'comparison' | 'address' | 'number' | 'name';

export interface Mark extends TextRange {
  readonly kind: MarkKind;
}

/** What could stand where the text ends. */
export type Expected =
  | 'term'
  | 'connective'
  | 'close'
  | 'side'
  | 'type'
  | 'port type'
  | 'proto'
  | 'address'
  | 'network'
  | 'port'
  | 'range'
  | 'protocol'
  | 'ether_type'
  | 'action'
  | 'reason'
  | 'interface'
  | 'flag'
  | 'number'
  | 'rule'
  | 'comparison';

/** Terms of one filter: each costs its part of every record. */
const MAX_TERMS = 256;

export class Cursor {
  readonly text: string;
  readonly marks: Mark[] = [];
  readonly expected = new Set<Expected>();
  readonly #input: Tokens;
  #at = 0;
  #terms = 0;

  constructor(text: string) {
    this.text = text;
    this.#input = tokensOf(text);
  }

  get token(): Token {
    return this.#input.tokens[this.#at] as Token;
  }

  get next(): Token {
    return this.#input.tokens[this.#at + 1] ?? this.token;
  }

  /** The word or sign here, in the one spelling it has in the language. Strings are none. */
  get word(): string {
    return wordOf(this.token);
  }

  get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  is(word: string): boolean {
    return this.word === word;
  }

  take(kind: MarkKind): Token {
    const { token } = this;
    this.marks.push({ kind, from: token.from, to: token.to });
    if (!this.atEnd) this.#at++;
    return token;
  }

  takeIf(word: string, kind: MarkKind): boolean {
    if (!this.is(word)) return false;
    this.take(kind);
    return true;
  }

  /** Says what may stand here. */
  may(...expected: Expected[]): void {
    if (this.atEnd) for (const each of expected) this.expected.add(each);
  }

  /** Says that a value must stand here; `what`: `an address must follow "dst"`. */
  must(what: string, ...expected: Expected[]): void {
    this.may(...expected);
    if (this.atEnd) this.fail(what);
  }

  /** @throws FilterError if the text could not be read to its end. */
  end(): void {
    if (this.#input.error) throw this.#input.error;
  }

  countTerm(at: TextRange): void {
    if (++this.#terms > MAX_TERMS) {
      throw new FilterError(this.text, at, `a filter has at most ${MAX_TERMS} terms: join addresses to networks`);
    }
  }

  /** @throws FilterError about the word here, or about `range`. */
  fail(problem: string, fix?: string, range: TextRange = this.token): never {
    if (this.atEnd) this.end();
    throw new FilterError(this.text, range, problem, fix);
  }

  /** The same, with the nearest of `candidates` as the fix if there is one, else with `problem`. */
  failNear(candidates: Iterable<string>, problem: string, range: Token = this.token): never {
    const near = nearest(range.text.toLowerCase(), candidates);
    return near === undefined ? this.fail(problem, undefined, range) : this.fail('', near, range);
  }
}

export function wordOf({ kind, text }: Token): string {
  if (kind !== 'word' && kind !== 'sign') return '';
  const word = text.toLowerCase();
  return SAME_WORD.get(word) ?? word;
}
