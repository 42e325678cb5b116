/**
 * Reads JSON in which one field, or the strings of one array, clearly hold the addresses: one document, or one object
 * per line.
 */
import { familyOf } from './networks-in.ts';
import type { Shaped } from './shaped.ts';

/** Longer text takes too much memory as objects. */
const MAX_TEXT = 64 * 1024 * 1024;
const MAX_DEPTH = 12;
const NAMED = 6;
/** A field that holds an expiry, which a set does not store. */
const LIFETIME = /(?:^|\.|\])(?:duration|ttl|timeout|until|expires?(?:_?(?:at|on))?|expiration)$/i;

interface Field {
  readonly values: string[];
  networks: number;
  readonly families: Set<4 | 6>;
}

/** Matches the first line that is neither empty nor a comment, in time linear in the length of the text. */
const FIRST_LINE = /^[^\S\r\n\u2028\u2029]*[^\s#;]/m;
const BLANK_OR_COMMENT = /^\s*(?:$|[#;])/;

/** Returns whether `text` begins with a JSON bracket, after comments. Such text is never read as another format. */
export function beginsAsJson(text: string): boolean {
  return /[[{]$/.test(FIRST_LINE.exec(text)?.[0] ?? '');
}

/**
 * Returns undefined if the text does not begin like JSON. Truncated JSON is a problem, because the rest could pass for
 * a table.
 */
export function fromJson(text: string): Shaped | undefined {
  if (!beginsAsJson(text)) return undefined;
  if (text.length > MAX_TEXT)
    return { lines: [], notes: [], problem: `is JSON of more than ${MAX_TEXT} bytes: ${EXTRACT}` };
  const found = parsed(text.slice(text.search(FIRST_LINE)));
  if (found === undefined) return { lines: [], notes: [], problem: CUT_OFF };
  const fields = new Map<string, Field>();
  const lifetimes = new Set<string>();
  collect(found, '', 0, fields, lifetimes);
  const isOf = ({ networks, values }: Field) => networks > 0 && networks * 2 >= values.length;
  const taken = [...fields].filter(([path, field]) => path.includes('[') && isOf(field));
  if (taken.length === 0) return { lines: [], notes: [], problem: `is JSON without a list of addresses: ${EXTRACT}` };
  if (taken.length > 1 && !areFamilies(taken.map(([, field]) => field))) return ambiguous(taken.map(([path]) => path));
  const names = taken.map(([path]) => path).join(' and ');
  return {
    lines: taken.flatMap(([, { values }]) => values),
    notes: [`It was read as JSON: ${names} ${taken.length === 1 ? 'has' : 'have'} the networks.`, ...expiry(lifetimes)],
  };
}

const CUT_OFF =
  'begins with a bracket of JSON but is not valid JSON, so it may be cut off: write it again, or write one network a line';
const EXTRACT = "keep the addresses, for example jq -r '.[].FIELD' FILE | packetlog rules import - --set NAME";

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsedLines(text);
  }
}

/** Parses each line as JSON into an array. Undefined: not every line is JSON. */
function parsedLines(text: string): unknown {
  try {
    const lines = text.split('\n').filter((line) => !BLANK_OR_COMMENT.test(line));
    return lines.map((line): unknown => JSON.parse(line)).filter((each) => !isMetadata(each));
  } catch {
    return undefined;
  }
}

/** Spamhaus ends its lists with a line of metadata. */
function isMetadata(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'metadata';
}

function collect(
  value: unknown,
  path: string,
  depth: number,
  fields: Map<string, Field>,
  lifetimes: Set<string>,
): void {
  if (LIFETIME.test(path) && value !== null && value !== '') lifetimes.add(path);
  if (typeof value === 'string') add(fields, path, value.replaceAll(/\s+/g, ' ').trim());
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(each, `${path}[]`, depth + 1, fields, lifetimes);
    return;
  }
  const keys = Object.keys(value);
  // An object whose keys are addresses: the keys are the list.
  if (keys.length > 0 && keys.every((key) => familyOf(key) !== undefined)) {
    for (const key of keys) add(fields, `${path}[keys]`, key);
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    collect(each, path === '' ? key : `${path}.${key}`, depth + 1, fields, lifetimes);
  }
}

function add(fields: Map<string, Field>, path: string, value: string): void {
  const field = fields.get(path) ?? { values: [], networks: 0, families: new Set() };
  fields.set(path, field);
  field.values.push(value);
  const family = familyOf(value);
  if (family === undefined) return;
  field.networks++;
  field.families.add(family);
}

/** Returns whether one field holds IPv4 and the other IPv6: the list is then both. */
function areFamilies(fields: readonly Field[]): boolean {
  const families = fields.map((field) => (field.families.size === 1 ? [...field.families][0] : undefined));
  return fields.length === 2 && families.includes(4) && families.includes(6);
}

function ambiguous(paths: readonly string[]): Shaped {
  const shown = paths.slice(0, NAMED).join(', ');
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return { lines: [], notes: [], problem: `is JSON with addresses in ${shown}${more}: ${EXTRACT}` };
}

function expiry(lifetimes: ReadonlySet<string>): string[] {
  if (lifetimes.size === 0) return [];
  return [`${[...lifetimes].join(', ')} was not read: what a set holds does not expire.`];
}
