/** Parses terms about protocols, addresses and ports: `tcp dst port 443`, `icmp type 3`, `src net 10`. */
import type { Cursor } from './cursor.ts';
import { allOf, anyOf, type Filter, type Side } from './filter.ts';
import { quoted } from './filter-error.ts';
import { number, type ReadTerm, type ReadValue, type Term, takeEquality, valued } from './term.ts';
import {
  looksLikeAddress,
  takeEndpoint,
  takeIcmpType,
  takeNetwork,
  takeNumber,
  takePorts,
  takeProtocol,
} from './values.ts';
import { PROTOCOL_WORDS, SIDE_WORDS, TYPE_WORDS } from './words.ts';

const ICMP = 1;
const ICMPV6 = 58;

export const readProtocol: ReadTerm = (cursor, word) => {
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

export const readQualified: ReadTerm = (cursor) => qualified(cursor, [], '');

/** Reads `[src|dst] [host|net|port|portrange] value`, optionally after a protocol. */
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
  if (!has.addresses) cursor.fail(`addresses are recorded only for IPv4 and IPv6; remove ${quoted(protocolWord)}`);
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
