/** Checks JSON text without parsing it. */

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, DOT] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const [ZERO, NINE] = [0x30, 0x39];
const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [UPPER_E, LOWER_E, UNICODE] = [0x45, 0x65, 0x75];
/** What may follow a backslash, besides `u` and four digits. */
const ESCAPED = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));
const WORDS = ['true', 'false', 'null'];

/**
 * Returns whether `text` is one JSON value, as `JSON.parse` decides. `JSON.parse` takes much longer for text that it
 * rejects, because it throws an error with a message and a stack: too long for a list in which every line is invalid.
 */
export function isJsonText(text: string): boolean {
  return new JsonText(text).isValue();
}

class JsonText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Keeps the open brackets in a list instead of recursing: text may have millions of them. */
  isValue(): boolean {
    const open: number[] = [];
    for (;;) {
      this.#skipBlanks();
      const bracket = this.#peek();
      if (bracket === OPEN_ARRAY || bracket === OPEN_OBJECT) {
        this.#at++;
        this.#skipBlanks();
        if (this.#take(bracket === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT)) {
          // Empty: a whole value.
        } else if (bracket === OPEN_ARRAY || this.#key()) {
          open.push(bracket);
          continue;
        } else return false;
      } else if (!this.#scalar()) return false;
      if (!this.#closeAll(open)) return false;
      if (open.length === 0) return this.#at === this.#text.length;
    }
  }

  /** After a value: reads closing brackets, until a comma (and a key) announces another value, or all are closed. */
  #closeAll(open: number[]): boolean {
    for (;;) {
      this.#skipBlanks();
      const bracket = open.at(-1);
      if (bracket === undefined) return true;
      if (this.#take(COMMA)) {
        this.#skipBlanks();
        return bracket === OPEN_ARRAY || this.#key();
      }
      if (!this.#take(bracket === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT)) return false;
      open.pop();
    }
  }

  /** Reads a key and its colon. */
  #key(): boolean {
    if (!this.#string()) return false;
    this.#skipBlanks();
    return this.#take(COLON);
  }

  #scalar(): boolean {
    if (this.#peek() === QUOTE) return this.#string();
    const word = WORDS.find((each) => this.#text.startsWith(each, this.#at));
    if (word === undefined) return this.#number();
    this.#at += word.length;
    return true;
  }

  #string(): boolean {
    if (!this.#take(QUOTE)) return false;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++);
      if (code === QUOTE) return true;
      // Control characters are invalid. NaN is the end of the text.
      if (!(code >= SPACE)) return false;
      if (code === BACKSLASH && !this.#escaped()) return false;
    }
  }

  #escaped(): boolean {
    const code = this.#text.charCodeAt(this.#at++);
    if (code !== UNICODE) return ESCAPED.has(code);
    const digits = this.#text.slice(this.#at, this.#at + 4);
    this.#at += 4;
    return /^[\da-f]{4}$/i.test(digits);
  }

  #number(): boolean {
    this.#take(MINUS);
    if (!this.#take(ZERO) && !this.#digits()) return false;
    if (this.#take(DOT) && !this.#digits()) return false;
    if (!this.#take(LOWER_E) && !this.#take(UPPER_E)) return true;
    if (!this.#take(MINUS)) this.#take(PLUS);
    return this.#digits();
  }

  #digits(): boolean {
    const from = this.#at;
    for (let code = this.#peek(); code >= ZERO && code <= NINE; code = this.#peek()) this.#at++;
    return this.#at > from;
  }

  /** Skips JSON's white space, which is less than what `\s` matches. */
  #skipBlanks(): void {
    for (;;) {
      const code = this.#peek();
      if (code !== SPACE && code !== TAB && code !== LINE_FEED && code !== RETURN) return;
      this.#at++;
    }
  }

  #take(code: number): boolean {
    if (this.#peek() !== code) return false;
    this.#at++;
    return true;
  }

  /** NaN at the end of the text. */
  #peek(): number {
    return this.#text.charCodeAt(this.#at);
  }
}
