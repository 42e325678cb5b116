/** Parses addresses from the bytes of a text without creating strings, a million in a fraction of a second. */
const DOT = 0x2e;
const COLON = 0x3a;
const SLASH = 0x2f;
const ZERO = 0x30;

const NO_DIGIT = 16;
/** Value of a hexadecimal digit by its character code. */
const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/**
 * Reads from position `at` and advances it past what was read; `end` is the exclusive limit. If a method returns false,
 * `at` is somewhere within the text that could not be parsed.
 */
export class AddressCursor {
  readonly bytes: Uint8Array;
  at = 0;
  end = 0;
  /** The address that `ipv4` read, in host order. */
  address = 0;
  /** The address that `ipv6` read, in host order. */
  readonly words = new Uint32Array(4);
  readonly #groups = new Uint16Array(8);

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Returns the code of the next character; 0 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] as number) : 0;
  }

  /** Reads a dotted decimal address without leading zeros. */
  ipv4(): boolean {
    let address = 0;
    for (let i = 0; i < 4; i++) {
      if (i > 0) {
        if (this.peek() !== DOT) return false;
        this.at++;
      }
      const octet = this.#decimal(3);
      if (octet < 0 || octet > 255) return false;
      address = address * 256 + octet;
    }
    this.address = address;
    return true;
  }

  /** Reads an address as in RFC 4291 section 2.2, except the form that ends in an IPv4 address. */
  ipv6(): boolean {
    const groups = this.#groups;
    let count = 0;
    /** Number of groups before `::`. */
    let gap = -1;
    while (count < 8) {
      if (this.peek() === COLON && this.#next() === COLON) {
        if (gap >= 0) return false;
        gap = count;
        this.at += 2;
        if (HEX[this.peek()] === NO_DIGIT) break;
      } else if (count > 0) {
        if (this.peek() !== COLON) break;
        this.at++;
      }
      const group = this.#hexadecimal();
      if (group < 0) return false;
      groups[count++] = group;
    }
    return this.#expand(count, gap);
  }

  /**
   * Reads the number after a slash. Returns `width` if there is no slash, -1 if it is not a number from 0 to `width`.
   */
  prefix(width: number): number {
    if (this.peek() !== SLASH) return width;
    this.at++;
    const bits = this.#decimal(3);
    return bits <= width ? bits : -1;
  }

  /** Replaces `::`, which follows `gap` groups, with zeros; -1: there is no `::`. */
  #expand(count: number, gap: number): boolean {
    const groups = this.#groups;
    if (gap < 0 ? count < 8 : count === 8) return false;
    if (gap >= 0) {
      groups.copyWithin(8 - (count - gap), gap, count);
      groups.fill(0, gap, 8 - (count - gap));
    }
    for (let i = 0; i < 4; i++) {
      this.words[i] = (groups[2 * i] as number) * 0x10000 + (groups[2 * i + 1] as number);
    }
    return true;
  }

  #next(): number {
    return this.at + 1 < this.end ? (this.bytes[this.at + 1] as number) : 0;
  }

  /** Returns -1 if there is no digit, a leading zero, or more than `maxDigits` digits. */
  #decimal(maxDigits: number): number {
    const first = this.at;
    let value = 0;
    while (this.at < this.end) {
      const digit = (this.bytes[this.at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.at++;
      if (this.at - first > maxDigits) return -1;
    }
    const digits = this.at - first;
    if (digits === 0 || (digits > 1 && this.bytes[first] === ZERO)) return -1;
    return value;
  }

  #hexadecimal(): number {
    const first = this.at;
    let value = 0;
    while (this.at < this.end) {
      const digit = HEX[this.bytes[this.at] as number] as number;
      if (digit === NO_DIGIT) break;
      value = value * 16 + digit;
      this.at++;
      if (this.at - first > 4) return -1;
    }
    return this.at === first ? -1 : value;
  }
}
