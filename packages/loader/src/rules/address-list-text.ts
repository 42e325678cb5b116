/**
 * Lists of networks as they are published: one a line, comments behind `#` or `;` (FireHOL, Spamhaus), Spamhaus' lines
 * of JSON, and what `ipset save` writes.
 */
import { type BadLine, NetworkError, parseNetwork, unmapped } from '@packetlog/common';
import { AddressCursor } from './address-cursor.ts';
import { type AddressList, AddressListBuilder } from './address-list.ts';

export interface ParsedAddressList {
  readonly list: AddressList;
  /** The first BAD_LINES_KEPT lines that are no network; the others are in the list nevertheless. */
  readonly badLines: readonly BadLine[];
  readonly badLineCount: number;
  /** What was understood otherwise than it is written: sentences. */
  readonly notes: readonly string[];
}

export const BAD_LINES_KEPT = 100;
const LONGEST_QUOTE = 80;
const MAPPED_BITS = 96;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const SEMICOLON = 0x3b;
/** `1.1.1.1` and the end of the line. */
const SHORTEST_LINE = 8;

/** A list may be of one kind or mixed; empty lines are nothing. Never throws. */
export function parseAddressList(text: Uint8Array): ParsedAddressList {
  const reader = new ListReader(text);
  const cursor = reader.cursor;
  let line = 0;
  for (let from = 0; from < text.length; from = cursor.end + 1) {
    line++;
    const newline = text.indexOf(NEWLINE, from);
    cursor.end = newline < 0 ? text.length : newline;
    cursor.at = from;
    if (!reader.readPlain() && !reader.readOther(from)) reader.refuse(from, line);
  }
  const { badLines, badLineCount } = reader;
  return { list: reader.list.finish(), badLines, badLineCount, notes: reader.notes() };
}

class ListReader {
  readonly cursor: AddressCursor;
  readonly list: AddressListBuilder;
  readonly badLines: BadLine[] = [];
  badLineCount = 0;
  mappedCount = 0;
  #firstMapped = '';
  #problem = '';

  constructor(text: Uint8Array) {
    this.cursor = new AddressCursor(text);
    this.list = new AddressListBuilder(Math.ceil(text.length / SHORTEST_LINE));
  }

  /** Nothing, a comment, or a network with nothing but a comment behind it. */
  readPlain(): boolean {
    const { cursor } = this;
    this.#skipBlanks();
    if (this.#isOver()) return true;
    const begin = cursor.at;
    if (cursor.ipv4()) {
      const bits = cursor.prefix(32);
      if (bits < 0 || !this.#endsHere() || hasHostBits(cursor.address, bits)) return false;
      this.list.addIpv4(cursor.address, bits);
      return true;
    }
    cursor.at = begin;
    if (!cursor.ipv6()) return false;
    const bits = cursor.prefix(128);
    if (bits < 0 || !this.#endsHere()) return false;
    for (let i = 0; i < 4; i++) if (hasHostBits(cursor.words[i] as number, bits - 32 * i)) return false;
    if (isMapped(cursor.words, bits)) this.#addMapped(begin, cursor.words[3] as number, bits);
    else this.list.addIpv6(cursor.words, bits);
    return true;
  }

  /** Anything else that is known, and what is written unusually. */
  readOther(from: number): boolean {
    const line = this.#text(from);
    this.#problem = '';
    if (/^(?:create|flush|destroy|swap|rename)\s|^(?:COMMIT|quit)$/.test(line)) return true;
    if (/^\{.*"type"\s*:\s*"metadata"/.test(line)) return true;
    const json = /^\{.*"cidr"\s*:\s*"([^"]*)"/.exec(line)?.[1];
    const [, ipset, options = ''] = /^add\s+\S+\s+(\S+)(\s.*)?$/.exec(line) ?? [];
    if (/\snomatch(?:\s|$)/.test(options)) {
      this.#problem = 'is an exception (nomatch): leave it out here, and add a permit rule for it';
      return false;
    }
    return this.#addText(json ?? ipset ?? withoutComment(line));
  }

  refuse(from: number, line: number): void {
    this.badLineCount++;
    if (this.badLines.length === BAD_LINES_KEPT) return;
    this.badLines.push({ line, text: this.#text(from).slice(0, LONGEST_QUOTE), problem: this.#problem });
  }

  /** What was understood otherwise than it is written. */
  notes(): string[] {
    const { mappedCount } = this;
    if (mappedCount === 0) return [];
    const subject = mappedCount === 1 ? '1 IPv4-mapped address was' : `${mappedCount} IPv4-mapped addresses were`;
    return [`${subject} read as IPv4, the first is ${this.#firstMapped}.`];
  }

  #addMapped(from: number, address: number, bits: number): void {
    this.list.addIpv4(address, bits - MAPPED_BITS);
    this.#countMapped(() => this.#text(from));
  }

  #countMapped(text: () => string): void {
    if (this.mappedCount === 0) this.#firstMapped = text().slice(0, LONGEST_QUOTE);
    this.mappedCount++;
  }

  #addText(text: string): boolean {
    try {
      const written = parseNetwork(text);
      const network = unmapped(written);
      if (network !== written) this.#countMapped(() => text);
      this.list.addNetwork(network);
      return true;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      this.#problem = error.message.slice(JSON.stringify(text).length + 1);
      return false;
    }
  }

  #skipBlanks(): void {
    const { cursor } = this;
    for (let next = cursor.peek(); next === SPACE || next === TAB || next === RETURN; next = cursor.peek()) cursor.at++;
  }

  #isOver(): boolean {
    const next = this.cursor.peek();
    return next === 0 ? this.cursor.at >= this.cursor.end : next === HASH || next === SEMICOLON;
  }

  #endsHere(): boolean {
    const begin = this.cursor.at;
    if (this.#isOver()) return true;
    this.#skipBlanks();
    return this.cursor.at > begin && this.#isOver();
  }

  #text(from: number): string {
    return new TextDecoder()
      .decode(this.cursor.bytes.subarray(from, this.cursor.end))
      .trim()
      .replaceAll(/\p{Cc}/gu, '\ufffd');
  }
}

/** In time that grows with the length of the line alone, however it is made. */
function withoutComment(line: string): string {
  const comment = line.search(/[#;]/);
  return (comment < 0 ? line : line.slice(0, comment)).trimEnd();
}

/** Whether IPv6 words are addresses that stand for IPv4. */
function isMapped(words: ArrayLike<number>, bits: number): boolean {
  return bits >= MAPPED_BITS && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** Whether a word has bits set behind its first `bits`, which may be below 0 or above 32. */
function hasHostBits(word: number, bits: number): boolean {
  if (bits >= 32) return false;
  return bits <= 0 ? word !== 0 : word % 2 ** (32 - bits) !== 0;
}
