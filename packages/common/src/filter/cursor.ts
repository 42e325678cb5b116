/**
 * Reads a filter's text token by token; records the kind of each token for highlighting, and what may follow for
 * completion.
 */
import { FilterError, type TextRange } from './filter-error.ts';
import { type Candidate, nearestTexts } from './nearest.ts';
import { type Token, type Tokens, tokensOf } from './tokens.ts';
import { SAME_WORD } from './words.ts';

export type MarkKind = 'keyword' | 'connective' | 'comparison' | 'address' | 'number' | 'name';

export interface Mark extends TextRange {
  readonly kind: MarkKind;
}

/** What may follow at the end of the text. */
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
  | 'icmp'
  | 'icmp type'
  | 'icmp6 type'
  | 'code'
  | 'number'
  | 'rule'
  | 'comparison';

/** Similar words that are tried as a fix. */
const MAX_TRIED_FIXES = 8;

/** Terms of one filter: each costs time for every record. */
const MAX_TERMS = 256;

/** Returns whether a text can be parsed at least up to this column. */
export type ReadsUpTo = (text: string, column: number) => boolean;

export class Cursor {
  readonly text: string;
  readonly marks: Mark[] = [];
  readonly expected = new Set<Expected>();
  readonly #input: Tokens;
  /** Candidates that a word here may mean instead of a value. */
  orElse: (() => readonly Candidate[]) | undefined;
  readonly #readsUpTo: ReadsUpTo | undefined;
  #index = 0;
  #terms = 0;
  #termFrom = 0;

  /** `readsUpTo` tests each fix before it is offered. Without it no fix is offered. */
  constructor(text: string, readsUpTo?: ReadsUpTo) {
    this.text = text;
    this.#input = tokensOf(text);
    this.#readsUpTo = readsUpTo;
  }

  /** The token taken last. */
  get taken(): Token | undefined {
    return this.#input.tokens[this.#index - 1];
  }

  /** Where the current term begins. */
  get termFrom(): number {
    return this.#termFrom;
  }

  get token(): Token {
    return this.#input.tokens[this.#index] as Token;
  }

  get next(): Token {
    return this.#input.tokens[this.#index + 1] ?? this.token;
  }

  /** The word or sign here in its standard spelling; '' for a string. */
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
    if (!this.atEnd) this.#index++;
    return token;
  }

  takeIf(word: string, kind: MarkKind): boolean {
    if (!this.is(word)) return false;
    this.take(kind);
    return true;
  }

  /** Records what may follow here. */
  may(...expected: Expected[]): void {
    if (this.atEnd) for (const each of expected) this.expected.add(each);
  }

  /** Requires a value here; `what`: `an address must follow "dst"`. */
  must(what: string, ...expected: Expected[]): void {
    this.may(...expected);
    if (this.atEnd) this.fail(what);
  }

  /** @throws FilterError if the text could not be read to its end. */
  end(): void {
    const { error } = this.#input;
    if (error) throw error.fix === undefined || this.#mends(error.fix, error) ? error : error.withoutFix();
  }

  countTerm(at: TextRange): void {
    this.#termFrom = at.from;
    if (++this.#terms > MAX_TERMS) {
      throw new FilterError(this.text, at, `a filter has at most ${MAX_TERMS} terms: join addresses to networks`);
    }
  }

  /** @throws FilterError about the word here, or about `range`; without the fix if the fix would not help. */
  fail(problem: string, fix?: string, range: TextRange = this.token): never {
    if (this.atEnd) this.end();
    throw new FilterError(this.text, range, problem, fix === undefined || this.#mends(fix, range) ? fix : undefined);
  }

  /** Like `fail`, with the nearest of `candidates` that mends the text as the fix, otherwise with `problem`. */
  failNear(candidates: Iterable<Candidate>, problem: string): never {
    if (this.#readsUpTo === undefined) return this.fail(problem);
    const near = nearestTexts(this.token.text.toLowerCase(), [...candidates, ...(this.orElse?.() ?? [])]).slice(
      0,
      MAX_TRIED_FIXES,
    );
    const fix = near.find((text) => this.#mends(text, this.token));
    return this.fail(fix === undefined ? problem : '', fix);
  }

  #mends(fix: string, { from, to }: TextRange): boolean {
    const mended = this.text.slice(0, from) + fix + this.text.slice(to);
    return this.#readsUpTo?.(mended, from + fix.length) ?? false;
  }
}

export function wordOf({ kind, text }: Token): string {
  if (kind !== 'word' && kind !== 'sign') return '';
  const word = text.toLowerCase();
  return SAME_WORD.get(word) ?? word;
}
