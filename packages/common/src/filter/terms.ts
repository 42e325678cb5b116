/** Parses the terms of a filter: `tcp dst port 443`, `len > 1000`, `deny`. */
import { termCandidates } from './alternatives.ts';
import { type Cursor, type Expected, wordOf } from './cursor.ts';
import { allOf, anyOf, type Comparison, EVERYTHING, type Filter, type NumberField, type Side } from './filter.ts';
import { quoted } from './filter-error.ts';
import { rejectNonTerm, rejectNotInside, rejectWord } from './rejections.ts';
import {
  isComparison,
  looksLikeAddress,
  takeCode,
  takeEndpoint,
  takeEtherType,
  takeFlags,
  takeIcmpType,
  takeInterface,
  takeNetwork,
  takeNumber,
  takePorts,
  takeProtocol,
} from './values.ts';
import { LENGTH_WORDS, NUMBER_WORDS, PROTOCOL_WORDS, SIDE_WORDS, TYPE_WORDS, VERDICT_WORDS } from './words.ts';

const ICMP = 1;
const ICMPV6 = 58;

type ReadValue = (cursor: Cursor) => Filter;

/** Reads another value like the term's first: `443` in `port 80 or 443`. */
export interface Again {
  readonly takes: Expected;
  readonly read: ReadValue;
}

export interface Term {
  readonly filter: Filter;
  /** Absent for a term without values. */
  readonly again?: Again;
}

type ReadTerm = (cursor: Cursor, word: string) => Term;

function number(field: NumberField, value: number, comparison: Comparison = '='): Filter {
  return { kind: 'number', field, comparison, value };
}

/** Reads the value of a term: one, or several as in `port (80 or 443)`. */
function valued(cursor: Cursor, takes: Expected, read: ReadValue): Term {
  const again = { takes, read };
  rejectNotInside(cursor);
  if (!cursor.is('(') || TERMS.has(wordOf(cursor.next))) return { filter: read(cursor), again };
  cursor.take('connective');
  let filter = read(cursor);
  while (!cursor.takeIf(')', 'connective')) {
    cursor.may('connective', 'close');
    const isOr = cursor.is('or');
    if (!isOr && !cursor.is('and')) cursor.fail('"or" or ")" must follow a value in parentheses');
    const join = isOr ? anyOf : allOf;
    cursor.take('connective');
    filter = join([filter, read(cursor)]);
  }
  return { filter, again };
}

const readProtocol: ReadTerm = (cursor, word) => {
  const { field, value, has } = PROTOCOL_WORDS.get(word) as NonNullable<ReturnType<typeof PROTOCOL_WORDS.get>>;
  cursor.take('keyword');
  const protocol = number(field, value);
  if (value === ICMP || value === ICMPV6) {
    cursor.may('icmp');
    if (cursor.is('type')) return icmpType(cursor, value, word);
  }
  cursor.may(...(has.ports ? (['side'] as const) : []), ...(has.protocols ? (['proto'] as const) : []));
  if (has.protocols && cursor.is('proto')) {
    cursor.take('keyword');
    return valued(cursor, 'protocol', (at) =>
      allOf([protocol, number('ip_protocol', takeProtocol(at, quoted(`${word} proto`)))]),
    );
  }
  if (!SIDE_WORDS.has(cursor.word) && !TYPE_WORDS.has(cursor.word)) {
    rejectBareValue(cursor, word, has.ports);
    return { filter: protocol };
  }
  return qualified(cursor, [protocol], word);
};

/** Reads `icmp type 3 code 1` or `icmp type port-unreachable`. */
function icmpType(cursor: Cursor, protocol: 1 | 58, word: string): Term {
  cursor.take('keyword');
  const after = quoted(`${word} type`);
  return valued(cursor, protocol === ICMP ? 'icmp type' : 'icmp6 type', (at) => {
    const comparison = takeEquality(at, `${word} type`);
    const { type, code } = takeIcmpType(at, protocol, after);
    at.may('code');
    const asked = code ?? (at.takeIf('code', 'keyword') ? takeNumber(at, quoted('code'), 255) : undefined);
    const filter: Filter = { kind: 'icmp', protocol, type, ...(asked !== undefined && { code: asked }) };
    return comparison === '=' ? filter : { kind: 'not', term: filter };
  });
}

function rejectBareValue(cursor: Cursor, word: string, hasPorts: boolean): void {
  const { text } = cursor.token;
  const after = quoted(word);
  if (hasPorts && /^\d+$/.test(text)) cursor.fail(`${after} needs a word before a number`, `port ${text}`);
  if (looksLikeAddress(text)) cursor.fail(`${after} needs a word before an address`, `host ${text}`);
}

const readQualified: ReadTerm = (cursor) => qualified(cursor, [], '');

/** Reads `[src|dst] [host|net|port|portrange] value`, optionally behind a protocol. */
function qualified(cursor: Cursor, protocol: readonly Filter[], protocolWord: string): Term {
  const words = protocolWord === '' ? [] : [protocolWord];
  const sides = takeSides(cursor, words);
  cursor.may('type');
  const type = TYPE_WORDS.has(cursor.word) ? cursor.word : '';
  rejectUnsupported(cursor, protocolWord, type);
  if (type !== '') words.push(cursor.take('keyword').text.toLowerCase());
  const after = quoted(words.join(' '));
  const each: ReadValue = (at) => {
    if (type === 'port' || type === 'portrange') {
      const ports = takePorts(at, after);
      return allOf([...protocol, ...sides.map((side) => ({ kind: 'port', side, ...ports }) as const)]);
    }
    const endpoint = type === 'net' ? undefined : takeEndpoint(at);
    if (endpoint !== undefined) return allOf([...protocol, ...sides.map((side) => endpointFilter(side, endpoint))]);
    const network = takeNetwork(at, after, type === 'net');
    return allOf([...protocol, ...sides.map((side) => ({ kind: 'network', side, network }) as const)]);
  };
  const takes = type === 'port' ? 'port' : type === 'portrange' ? 'range' : type === 'net' ? 'network' : 'address';
  return valued(cursor, takes, each);
}

/** Matches address and port of one end. */
function endpointFilter(side: Side, { network, port }: { network: string; port: number }): Filter {
  if (side === 'either') return anyOf((['src', 'dst'] as const).map((end) => endpointFilter(end, { network, port })));
  return allOf([
    { kind: 'network', side, network },
    { kind: 'port', side, from: port, to: port },
  ]);
}

function rejectUnsupported(cursor: Cursor, protocolWord: string, type: string): void {
  const has = PROTOCOL_WORDS.get(protocolWord)?.has;
  if (has === undefined) return;
  if (type.startsWith('port') && !has.ports) cursor.fail(`${quoted(protocolWord)} has no ports; remove one of them`);
  if (!has.addresses) cursor.fail(`addresses are recorded of IPv4 and IPv6 alone; remove ${quoted(protocolWord)}`);
}

/** `src or dst` means either, like no side at all; `src and dst` means both. */
function takeSides(cursor: Cursor, words: string[]): readonly Side[] {
  if (!SIDE_WORDS.has(cursor.word)) return ['either'];
  const one = cursor.take('keyword').text.toLowerCase() as 'src' | 'dst';
  words.push(one);
  const other = one === 'src' ? 'dst' : 'src';
  if (!(cursor.is('or') || cursor.is('and')) || cursor.next.text.toLowerCase() !== other) return [one];
  const isEither = cursor.is('or');
  cursor.take('connective');
  cursor.take('keyword');
  words.push(isEither ? 'or' : 'and', other);
  return isEither ? ['either'] : ['src', 'dst'];
}

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

function takeComparison(cursor: Cursor): Comparison {
  const { word } = cursor;
  if (!isComparison(word)) return '=';
  cursor.take('comparison');
  return word;
}

const readLength: ReadTerm = (cursor, word) => {
  const { comparison } = LENGTH_WORDS.get(word) as NonNullable<ReturnType<typeof LENGTH_WORDS.get>>;
  cursor.take('keyword');
  return valued(cursor, 'number', (at) => number('length', takeNumber(at, quoted(word), 0xffff), comparison));
};

function takeEquality(cursor: Cursor, word: string): '=' | '!=' {
  const comparison = isComparison(cursor.word) ? cursor.word : '=';
  if (comparison !== '=' && comparison !== '!=') {
    cursor.fail(`${quoted(word)} has no order: only = and != compare it`);
  }
  takeComparison(cursor);
  return comparison;
}

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
  if (isAddress && !takesAddresses) return qualified(cursor, [], '');
  rejectNonTerm(cursor);
  if (again === undefined) return rejectWord(cursor);
  cursor.orElse = termCandidates;
  const filter = again.read(cursor);
  cursor.orElse = undefined;
  return { filter, again };
}
