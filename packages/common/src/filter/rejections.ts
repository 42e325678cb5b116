/** Error messages for text that cannot begin a term. */

import { servicePort } from '../names/service-names.ts';
import { termCandidates } from './alternatives.ts';
import type { Cursor } from './cursor.ts';
import type { Filter } from './filter.ts';
import { quoted, type TextRange } from './filter-error.ts';
import { nearestTexts } from './nearest.ts';
import { looksLikeAddress } from './values.ts';
import { NOT_RECORDED, TERM_WORDS } from './words.ts';

/** Rejects what is invalid here in any context. */
export function rejectNonTerm(cursor: Cursor): void {
  const { kind, text } = cursor.token;
  const { word } = cursor;
  if (word === 'and' || word === 'or' || word === ')') cursor.fail(`a term must stand before ${quoted(text)}`);
  if (kind === 'sign' && /^[<>=!]/.test(text)) cursor.fail('a word such as len must stand before it');
  const notRecorded = NOT_RECORDED.get(word);
  if (notRecorded !== undefined) cursor.fail(notRecorded);
  if (text.includes('[') && !looksLikeAddress(text)) rejectByteAccess(cursor);
}

const TYPE_BYTE: ReadonlyMap<string, string> = new Map([
  ['icmp[icmptype]', 'icmp type'],
  ['icmp[0]', 'icmp type'],
  ['icmp6[icmp6type]', 'icmp6 type'],
  ['icmp6[0]', 'icmp6 type'],
]);

function rejectByteAccess(cursor: Cursor): never {
  const { word } = cursor;
  const problem = 'the bytes of a packet are not recorded';
  if (word.startsWith('icmp')) {
    cursor.fail(`${problem}; test the type with "icmp type echo-request"`, TYPE_BYTE.get(word));
  }
  return cursor.fail(`${problem}; test flags with "flags syn"`);
}

/** Rejects a word where no value is expected. */
export function rejectWord(cursor: Cursor): never {
  const { kind, text } = cursor.token;
  if (kind === 'string') cursor.fail('a quoted name follows the word "iface"', `iface ${JSON.stringify(text)}`);
  if (NUMBER.test(text)) cursor.fail('a number needs a word before it', `port ${text}`);
  if (/^\d+-\d+$/.test(text)) cursor.fail('numbers need a word before them', `portrange ${text}`);
  if (servicePort(text.toLowerCase()) !== undefined) cursor.fail('a service needs a word before it', `port ${text}`);
  return cursor.failNear(
    termCandidates(),
    'no term begins with this; write a word such as tcp, host, port, deny or len',
  );
}

const NUMBER = /^(\d+|0x[0-9a-f]+)$/i;

/** Rejects `port not 22`: a "not" after the words of a term. */
export function rejectNotInside(cursor: Cursor): void {
  if (!cursor.is('not')) return;
  const words = cursor.text.slice(cursor.termFrom, cursor.token.from);
  const value = cursor.text.slice(cursor.next.from, cursor.next.to);
  const range = { from: cursor.termFrom, to: cursor.next.to };
  cursor.fail('"not" stands before a whole term', `not ${words}${value}`, range);
}

/** Rejects `vlan 100 and vlan 200`: in tcpdump the second is the inner tag, which no record has. */
export function rejectTwoTags(cursor: Cursor, connective: TextRange, left: Filter, right: Filter): void {
  const [first, second] = [outerTag(left), outerTag(right)];
  if (first === undefined || second === undefined || first === second) return;
  const problem = `only the outer VLAN tag is recorded, and its id is never both ${first} and ${second}`;
  cursor.fail(problem, left.kind === 'number' ? 'or' : undefined, connective);
}

/** Returns the id that the tag must have for the filter to match. */
function outerTag(filter: Filter): number | undefined {
  if (filter.kind === 'and') return filter.terms.map(outerTag).find((id) => id !== undefined);
  const isId = filter.kind === 'number' && filter.field === 'vlan_id' && filter.comparison === '=';
  return isId ? filter.value : undefined;
}

/** Adds spaces where the text has none around the current token. */
function spaced({ text, token }: Cursor, word: string): string {
  const isGap = (at: number) => /^\s?$/.test(text[at] ?? '');
  return `${isGap(token.from - 1) ? '' : ' '}${word}${isGap(token.to) ? '' : ' '}`;
}

/** Rejects what follows a term and is neither "and" nor "or". */
export function rejectRest(cursor: Cursor): never {
  const { word } = cursor;
  const { text } = cursor.token;
  const written = cursor.text.slice(cursor.token.from, cursor.token.to);
  if (word === ')') cursor.fail('it has no matching "("');
  if (word === ',') cursor.fail('alternatives are joined with a word', spaced(cursor, 'or'));
  if (text.includes('[') || NOT_RECORDED.has(word)) rejectNonTerm(cursor);
  if (/^[<>=!]/.test(text)) cursor.fail('only len, rule, vlan, weight and proto can be compared');
  // A word that begins no term is another value, or lacks the word before it.
  if (TERM_WORDS.includes(word) || word === 'not' || word === '(') {
    cursor.fail('"and" or "or" is missing before it', `and ${written}`);
  }
  const [meant] = nearestTexts(text.toLowerCase(), termCandidates());
  const isWord = /^[a-z]/i.test(text) && meant !== undefined;
  return cursor.fail('"and" or "or" is missing before it', isWord ? `and ${meant}` : `or ${written}`);
}
