/** Parses the terms of a filter: `tcp dst port 443`, `len > 1000`, `deny`. */
import { termCandidates } from './alternatives.ts';
import type { Cursor } from './cursor.ts';
import { EVERYTHING, type Filter } from './filter.ts';
import { quoted } from './filter-error.ts';
import { readProtocol, readQualified } from './packet-terms.ts';
import { rejectNonTerm, rejectWord } from './rejections.ts';
import { type Again, number, type ReadTerm, type Term, takeComparison, takeEquality, valued } from './term.ts';
import {
  looksLikeAddress,
  takeCode,
  takeEtherType,
  takeFlags,
  takeInterface,
  takeNumber,
  takeProtocol,
} from './values.ts';
import { LENGTH_WORDS, NUMBER_WORDS, PROTOCOL_WORDS, SIDE_WORDS, TYPE_WORDS, VERDICT_WORDS } from './words.ts';

const readNumber: ReadTerm = (cursor, word) => {
  const { field, max, alone } = NUMBER_WORDS.get(word) as NonNullable<ReturnType<typeof NUMBER_WORDS.get>>;
  const takes = word === 'rule' ? 'rule' : 'number';
  cursor.take('keyword');
  cursor.may(takes, 'comparison');
  if (alone !== undefined && (cursor.atEnd || [')', 'and', 'or'].includes(cursor.word))) {
    return { filter: number(field, 0, alone) };
  }
  return valued(cursor, takes, (at) => {
    const comparison = takeComparison(at);
    return number(field, takeNumber(at, quoted(word), max, takes), comparison);
  });
};

const readLength: ReadTerm = (cursor, word) => {
  const { comparison } = LENGTH_WORDS.get(word) as NonNullable<ReturnType<typeof LENGTH_WORDS.get>>;
  cursor.take('keyword');
  return valued(cursor, 'number', (at) => number('length', takeNumber(at, quoted(word), 0xffff), comparison));
};

const readCode =
  (field: 'action' | 'reason'): ReadTerm =>
  (cursor) => {
    cursor.take('keyword');
    return valued(cursor, field, (at) => {
      const comparison = takeEquality(at, field);
      return number(field, takeCode(at, field, quoted(field)), comparison);
    });
  };

const readProto: ReadTerm = (cursor) => {
  cursor.take('keyword');
  return valued(cursor, 'protocol', (at) => {
    const comparison = takeComparison(at);
    return number('ip_protocol', takeProtocol(at, quoted('proto')), comparison);
  });
};

const readEther: ReadTerm = (cursor) => {
  cursor.take('keyword');
  cursor.must('"proto" must follow "ether": MAC addresses are not recorded', 'proto');
  if (!cursor.takeIf('proto', 'keyword')) {
    cursor.fail('"proto" must follow "ether": MAC addresses are not recorded');
  }
  return valued(cursor, 'ether_type', (at) => {
    const comparison = takeComparison(at);
    return number('ether_type', takeEtherType(at, quoted('ether proto')), comparison);
  });
};

const readFlags: ReadTerm = (cursor) => {
  cursor.take('keyword');
  return valued(cursor, 'flag', (at) => {
    const isExact = at.takeIf('=', 'comparison');
    const flags = takeFlags(at, quoted('flags'));
    return { kind: 'flags', flags, exact: isExact || flags === 0 };
  });
};

const readInterface: ReadTerm = (cursor) => {
  cursor.take('keyword');
  return valued(cursor, 'interface', (at) => {
    const comparison = takeEquality(at, 'iface');
    const filter: Filter = { kind: 'interface', name: takeInterface(at, quoted('iface')) };
    return comparison === '=' ? filter : { kind: 'not', term: filter };
  });
};

const readAlone: ReadTerm = (cursor, word) => {
  cursor.take('keyword');
  const verdict = VERDICT_WORDS.get(word);
  return { filter: verdict === undefined ? EVERYTHING : number(verdict.field, verdict.value) };
};

const TERMS: ReadonlyMap<string, ReadTerm> = new Map<string, ReadTerm>([
  ...[...PROTOCOL_WORDS.keys()].map((word) => [word, readProtocol] as const),
  ...[...SIDE_WORDS.keys(), ...TYPE_WORDS.keys()].map((word) => [word, readQualified] as const),
  ...[...NUMBER_WORDS.keys()].map((word) => [word, readNumber] as const),
  ...[...LENGTH_WORDS.keys()].map((word) => [word, readLength] as const),
  ...[...VERDICT_WORDS.keys(), 'all'].map((word) => [word, readAlone] as const),
  ['action', readCode('action')],
  ['reason', readCode('reason')],
  ['proto', readProto],
  ['ether', readEther],
  ['flags', readFlags],
  ['iface', readInterface],
]);

/** Reads one term; `again` reads further values of the previous term. */
export function takeTerm(cursor: Cursor, again: Again | undefined): Term {
  cursor.may('term', ...(again ? [again.takes] : []));
  if (cursor.atEnd) cursor.fail('a term such as tcp, deny or host 192.0.2.1 must follow');
  const { word } = cursor;
  const read = TERMS.get(word);
  if (read !== undefined) return read(cursor, word);
  const isAddress = looksLikeAddress(cursor.token.text);
  const takesAddresses = again?.takes === 'address' || again?.takes === 'network';
  if (isAddress && !takesAddresses) return readQualified(cursor, '');
  rejectNonTerm(cursor);
  if (again === undefined) return rejectWord(cursor);
  cursor.orElse = termCandidates;
  const filter = again.read(cursor);
  cursor.orElse = undefined;
  return { filter, again };
}
