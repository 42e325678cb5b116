/**
 * Parses lists of networks as they are published: one network or range per line, with comments after `#` or `;`
 * (FireHOL, Spamhaus), the output of `ipset save`, the formats of formats/ where they are unambiguous, also compressed.
 */
import { type BadLine, formatNetworkProblem, readNetwork, unmapped } from '@packetlog/common';
import { AddressCursor } from './address-cursor.ts';
import { type AddressList, AddressListBuilder, EMPTY_ADDRESS_LIST } from './address-list.ts';
import { convertList } from './formats/convert-list.ts';
import { decodeList } from './formats/decode.ts';
import { isJson } from './formats/json.ts';
import { familyOf } from './formats/networks-in.ts';
import { parseRange } from './formats/range.ts';

export interface ParsedAddressList {
  readonly list: AddressList;
  /** The first BAD_LINES_KEPT lines that are not a network. The list has the other lines. */
  readonly badLines: readonly BadLine[];
  readonly badLineCount: number;
  /** How the list was read, and which entries were interpreted differently, as sentences. */
  readonly notes: readonly string[];
}

export const BAD_LINES_KEPT = 100;
const MAX_QUOTE = 80;
const MAPPED_BITS = 96;
/** Maximum characters of a line that are searched for columns. */
const MAX_COLUMN_TEXT = 1000;

const EXPIRES =
  'expires (timeout), and entries of a set do not: add it as a rule (packetlog rules add - reads lines such as ' +
  'deny 192.0.2.1 --for 10m), or delete the timeout to keep it without expiry';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const SEMICOLON = 0x3b;
/** Length of `1.1.1.1` and a newline. */
const SHORTEST_LINE = 8;

/** Parses a list. Never throws: a list that cannot be read at all is returned as one bad line with the reason. */
export function parseAddressList(bytes: Uint8Array): ParsedAddressList {
  const { text, notes, problem } = decodeList(bytes);
  if (problem !== undefined) return unreadable(problem);
  const converted = convertList(text);
  if (converted === undefined) return parseLines(text, notes);
  if (converted.problem !== undefined) return unreadable(converted.problem);
  return parseLines(Buffer.from(converted.lines.join('\n')), [...notes, ...converted.notes], converted.lineNumbers);
}

function unreadable(problem: string): ParsedAddressList {
  return { list: EMPTY_ADDRESS_LIST, badLines: [{ line: 0, text: '', problem }], badLineCount: 1, notes: [] };
}

/** Parses a list of lines. `lineNumbers`: number of each line; undefined: counted from 1. */
function parseLines(text: Uint8Array, notes: readonly string[], lineNumbers?: readonly number[]): ParsedAddressList {
  const reader = new ListReader(text);
  const cursor = reader.cursor;
  let line = 0;
  for (let from = 0; from < text.length; from = cursor.end + 1) {
    line++;
    const newline = text.indexOf(NEWLINE, from);
    cursor.end = newline < 0 ? text.length : newline;
    cursor.at = from;
    if (!reader.readPlain() && !reader.readOther(from)) reader.reject(from, lineNumbers?.[line - 1] ?? line);
  }
  const { badLines, badLineCount } = reader;
  return { list: reader.list.finish(), badLines, badLineCount, notes: [...notes, ...reader.notes()] };
}

class ListReader {
  readonly cursor: AddressCursor;
  readonly list: AddressListBuilder;
  readonly badLines: BadLine[] = [];
  badLineCount = 0;
  mappedCount = 0;
  #firstMapped = '';
  /** Name of the set that is read from `ipset save`: the first one. */
  #ipset: string | undefined;
  #problem = '';

  constructor(text: Uint8Array) {
    this.cursor = new AddressCursor(text);
    this.list = new AddressListBuilder(Math.ceil(text.length / SHORTEST_LINE));
  }

  /** Reads an empty line, a comment, or a network with an optional comment. */
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

  /** Reads a line of another known format, or an unusual notation. */
  readOther(from: number): boolean {
    const line = this.#text(from);
    this.#problem = '';
    if (/^(?:create|flush|destroy|swap|rename)\s|^(?:COMMIT|quit)$/.test(line)) return true;
    // Metadata in a list of mixed formats. A list of JSON lines only does not get here.
    if (/^\{.*"type"\s*:\s*"metadata"/.test(line)) return true;
    if (line.startsWith('{')) return this.#addJson(line);
    const [, set, entry, options = ''] = /^add\s+(\S+)\s+(\S+)(\s.*)?$/.exec(line) ?? [];
    if (set === undefined || entry === undefined) return this.#addText(withoutComment(line));
    this.#problem = this.#ipsetProblem(set, options);
    return this.#problem === '' && this.#addText(entry);
  }

  reject(from: number, line: number): void {
    this.badLineCount++;
    if (this.badLines.length === BAD_LINES_KEPT) return;
    this.badLines.push({ line, text: this.#text(from).slice(0, MAX_QUOTE), problem: this.#problem });
  }

  #addJson(line: string): boolean {
    const network = isJson(line) ? /"cidr"\s*:\s*"([^"]*)"/.exec(line)?.[1] : undefined;
    if (network !== undefined) return this.#addText(network);
    this.#problem = 'is not a valid JSON object with a network: correct it, or delete the line';
    return false;
  }

  /** Returns why an entry of `ipset save` is rejected; an empty string if it is not. */
  #ipsetProblem(set: string, options: string): string {
    if (/\snomatch(?:\s|$)/.test(options)) {
      return 'is an exception (nomatch): remove it from the list, and add a permit rule for it';
    }
    if (/\stimeout\s+[1-9]/.test(options)) return EXPIRES;
    this.#ipset ??= set;
    return set === this.#ipset
      ? ''
      : `belongs to ipset set ${set}, the lines before it to ${this.#ipset}: select one with --ipset NAME`;
  }

  /** Describes the entries that were interpreted differently from their text. */
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
    if (this.mappedCount === 0) this.#firstMapped = text().slice(0, MAX_QUOTE);
    this.mappedCount++;
  }

  #addText(text: string): boolean {
    const read = readNetwork(text);
    if (!('problem' in read)) {
      const network = unmapped(read);
      if (network !== read) this.#countMapped(() => text);
      this.list.addNetwork(network);
      return true;
    }
    const range = parseRange(text);
    for (const network of range ?? []) this.list.addNetwork(network);
    if (range) return true;
    // `reject` only counts the lines after these.
    if (this.badLines.length < BAD_LINES_KEPT) this.#problem = columnProblem(text) ?? formatNetworkProblem(read);
    return false;
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
      .replaceAll('\t', ' ')
      .replaceAll(/\p{Cc}/gu, '\ufffd');
  }
}

/** Describes in which column a line has its network; undefined if it has none. */
function columnProblem(text: string): string | undefined {
  const [first = '', second = '', ...rest] = text.slice(0, MAX_COLUMN_TEXT).split(/[\s,]+/);
  if (second === '') return undefined;
  if (familyOf(first) !== undefined) {
    if (second === 'timeout') return EXPIRES;
    return `has a second column (${second}): keep only the first, for example with awk '{print $1}'`;
  }
  if (rest.length > 0 || familyOf(second) === undefined) return undefined;
  return `has its network in the second column: keep only that, for example with awk '{print $2}'`;
}

/** Removes a comment, in time linear in the length of the line. */
function withoutComment(line: string): string {
  const comment = line.search(/[#;]/);
  return (comment < 0 ? line : line.slice(0, comment)).trimEnd();
}

/** Returns whether IPv6 words are an IPv4-mapped address. */
function isMapped(words: ArrayLike<number>, bits: number): boolean {
  return bits >= MAPPED_BITS && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** Returns whether a word has bits set after its first `bits`, which may be below 0 or above 32. */
function hasHostBits(word: number, bits: number): boolean {
  if (bits >= 32) return false;
  return bits <= 0 ? word !== 0 : word % 2 ** (32 - bits) !== 0;
}
