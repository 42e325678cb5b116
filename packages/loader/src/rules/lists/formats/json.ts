/**
 * Reads JSON in which the addresses are unambiguously in one field or in the strings of one array: one document, or one
 * object per line.
 */

import type { ConvertedList } from './converted-list.ts';
import { isJsonText } from './json-text.ts';
import { familyOf } from './networks-in.ts';

/** Limit of the text: the objects of a longer one take too much memory. */
const MAX_TEXT = 64 * 1024 * 1024;
const MAX_DEPTH = 12;
/** Maximum fields named in a message. */
const MAX_NAMED = 6;
/** A field that holds an expiry, which a set does not store. */
const LIFETIME = /(?:^|\.|\])(?:duration|ttl|timeout|until|expires?(?:_?(?:at|on))?|expiration)$/i;

interface Field {
  readonly values: string[];
  /** Line number of each value; 0 in a single document. */
  readonly lineNumbers: number[];
  networks: number;
  readonly families: Set<4 | 6>;
}

/** What JSON holds at each path, such as `[].cidr`. */
interface Content {
  readonly fields: Map<string, Field>;
  readonly lifetimes: Set<string>;
}

/** The lines of a list with one JSON object per line. */
interface JsonLines {
  readonly content: Content;
  /** Lines that are not JSON, such as a truncated one; they are parsed as lines of a plain list. */
  readonly others: readonly Line[];
}

interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Matches the first line that is neither empty nor a comment, in time linear in the length of the text. */
const FIRST_LINE = /^[^\S\r\n\u2028\u2029]*[^\s#;]/m;
const BLANK_OR_COMMENT = /^\s*(?:$|[#;])/;
/** A section of a configuration file, `[blocked networks]`. */
const SECTION = /^\[[A-Za-z_][^\],"]*\]\s*$/;

/**
 * Returns whether `text` begins with a JSON bracket, after comments. Such text is never read as another format; lines
 * that are not JSON, between lines that are, are parsed as those of a plain list.
 */
export function beginsAsJson(text: string): boolean {
  const first = firstLine(text);
  return /^[[{]/.test(first) && !SECTION.test(first);
}

/** Returns whether the first line is a whole JSON value: the list then has one value per line, not one document. */
export function beginsAsJsonLines(text: string): boolean {
  return beginsAsJson(text) && isJson(firstLine(text));
}

/** Returns whether a line is a JSON object or array. A comment may follow it. */
export function isJson(line: string): boolean {
  return parsedLine(line) !== undefined;
}

/**
 * Converts JSON. Returns undefined if the text does not begin like JSON, or is to be parsed line by line. Rejects a
 * truncated document, which could otherwise be read as a table.
 */
export function fromJson(text: string): ConvertedList | undefined {
  if (!beginsAsJson(text)) return undefined;
  if (text.length > MAX_TEXT)
    return { lines: [], notes: [], problem: `is JSON of more than ${MAX_TEXT} bytes: ${EXTRACT}` };
  const document = parsed(text.slice(text.search(FIRST_LINE)));
  if (document !== undefined) return convertedFrom(contentOf(document), []);
  const lines = jsonLines(text);
  if (lines === undefined) return { lines: [], notes: [], problem: CUT_OFF };
  const { content, others } = lines;
  return others.length > 0 && networkFields(content).length === 0 ? undefined : convertedFrom(content, others);
}

/** `others`: lines to keep as they are. */
function convertedFrom(content: Content, others: readonly Line[]): ConvertedList {
  const taken = networkFields(content);
  if (taken.length === 0) return { lines: [], notes: [], problem: `is JSON without a list of addresses: ${EXTRACT}` };
  if (taken.length > 1 && !areFamilies(taken.map(([, field]) => field))) return ambiguous(taken.map(([path]) => path));
  const names = taken.map(([path]) => path).join(' and ');
  const values = taken.flatMap(([, field]) =>
    field.values.map((text, i): Line => ({ number: field.lineNumbers[i] as number, text })),
  );
  const lines = [...values, ...others].sort((one, other) => one.number - other.number);
  return {
    lines: lines.map(({ text }) => text),
    ...(lines[0]?.number === 0 ? {} : { lineNumbers: lines.map(({ number }) => number) }),
    notes: [
      `Read as JSON: ${names} ${taken.length === 1 ? 'has' : 'have'} the networks.`,
      ...expiry(content.lifetimes),
    ],
  };
}

const CUT_OFF =
  'begins with a bracket of JSON but is not valid JSON, so it may be cut off: write it again, or write one network a line';
const EXTRACT = "keep the addresses, for example jq -r '.[].FIELD' FILE | packetlog rules import - --set NAME";

function firstLine(text: string): string {
  const from = text.search(FIRST_LINE);
  if (from < 0) return '';
  const end = text.indexOf('\n', from);
  return text.slice(from, end < 0 ? undefined : end).trim();
}

/** Returns undefined for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns undefined for a line that is not a JSON object or array. A comment may follow it. */
function parsedLine(line: string): unknown {
  const end = Math.max(line.lastIndexOf('}'), line.lastIndexOf(']')) + 1;
  if (!BLANK_OR_COMMENT.test(line.slice(end))) return undefined;
  const json = line.slice(0, end);
  // A list may have millions of invalid lines: no exception for each.
  return isJsonText(json) ? JSON.parse(json) : undefined;
}

/** Returns undefined unless the first line or most lines are JSON: a line of a document is only a part of it. */
function jsonLines(text: string): JsonLines | undefined {
  const content: Content = { fields: new Map(), lifetimes: new Set() };
  const others: Line[] = [];
  let count = 0;
  for (const [i, line] of text.split('\n').entries()) {
    if (BLANK_OR_COMMENT.test(line)) continue;
    const value = parsedLine(line);
    if (value === undefined) others.push({ number: i + 1, text: line });
    else {
      count++;
      if (!isMetadata(value)) collect(content, value, '[]', 1, i + 1);
    }
  }
  return count > others.length || beginsAsJsonLines(text) ? { content, others } : undefined;
}

function contentOf(document: unknown): Content {
  const content: Content = { fields: new Map(), lifetimes: new Set() };
  collect(content, document, '', 0, 0);
  return content;
}

function networkFields({ fields }: Content): [path: string, field: Field][] {
  const hasNetworks = ({ networks, values }: Field) => networks > 0 && networks * 2 >= values.length;
  return [...fields].filter(([path, field]) => path.includes('[') && hasNetworks(field));
}

/** Returns whether the value is metadata: Spamhaus ends its lists with a line of it. */
function isMetadata(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'metadata';
}

function collect(content: Content, value: unknown, path: string, depth: number, lineNumber: number): void {
  if (LIFETIME.test(path) && value !== null && value !== '') content.lifetimes.add(path);
  if (typeof value === 'string') add(content, path, value.replaceAll(/\s+/g, ' ').trim(), lineNumber);
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(content, each, `${path}[]`, depth + 1, lineNumber);
    return;
  }
  const keys = Object.keys(value);
  // If all keys of an object are addresses, the keys are the list.
  if (keys.length > 0 && keys.every((key) => familyOf(key) !== undefined)) {
    for (const key of keys) add(content, `${path}[keys]`, key, lineNumber);
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    collect(content, each, path === '' ? key : `${path}.${key}`, depth + 1, lineNumber);
  }
}

function add({ fields }: Content, path: string, value: string, lineNumber: number): void {
  const field = fields.get(path) ?? { values: [], lineNumbers: [], networks: 0, families: new Set() };
  fields.set(path, field);
  field.values.push(value);
  field.lineNumbers.push(lineNumber);
  const family = familyOf(value);
  if (family === undefined) return;
  field.networks++;
  field.families.add(family);
}

/** Returns whether one of two fields holds IPv4 and the other IPv6 addresses: the list then consists of both. */
function areFamilies(fields: readonly Field[]): boolean {
  const families = fields.map((field) => (field.families.size === 1 ? [...field.families][0] : undefined));
  return fields.length === 2 && families.includes(4) && families.includes(6);
}

function ambiguous(paths: readonly string[]): ConvertedList {
  const shown = paths.slice(0, MAX_NAMED).join(', ');
  const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : '';
  return { lines: [], notes: [], problem: `is JSON with addresses in ${shown}${more}: ${EXTRACT}` };
}

function expiry(lifetimes: ReadonlySet<string>): string[] {
  if (lifetimes.size === 0) return [];
  return [`${[...lifetimes].join(', ')} was not read: entries of a set do not expire.`];
}
