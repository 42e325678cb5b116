/**
 * Parses the values that may follow the words of a filter. Each function takes its value from the cursor, or rejects it
 * with a fix.
 */
import { formatNetwork, readNetwork } from '../address/network.ts';
import { type IcmpTypeAndCode, icmpNames } from '../names/icmp-names.ts';
import { serviceNames, servicePort } from '../names/service-names.ts';
import { ACTIONS, REASONS } from '../record/layout.ts';
import { IP_PROTOCOL_WORDS, parseIpProtocol } from '../rules/ip-protocol.ts';
import { termCandidates } from './alternatives.ts';
import { type Cursor, type Expected, wordOf } from './cursor.ts';
import { endpointText } from './endpoint.ts';
import type { Comparison } from './filter.ts';
import type { TextRange } from './filter-error.ts';
import { asTheyAre } from './nearest.ts';
import { ETHER_TYPE_WORDS, FLAG_WORDS, TYPE_WORDS } from './words.ts';

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['=', '!=', '<', '<=', '>', '>=']);

export function isComparison(text: string): text is Comparison {
  return COMPARISONS.has(text);
}

/** Returns whether the text can only mean an address or a network. */
export function looksLikeAddress(text: string): boolean {
  return (
    /^\d{1,3}(\.\d{1,3}){3}(\/|$)/.test(text) ||
    /^[0-9a-f.]*:[0-9a-f:.]*(\/|$)/i.test(text) ||
    endpointText(text) !== undefined
  );
}

/** Returns the network in canonical form. `after`: the words before it, for the message. */
export function takeNetwork(cursor: Cursor, after: string, isNet: boolean): string {
  cursor.must(`${isNet ? 'a network' : 'an address'} must follow ${after}`, isNet ? 'network' : 'address');
  const { text } = cursor.token;
  if (/^\d+(-\d+)?$/.test(text) && !(isNet && Number(text) < 256)) {
    const fix = text.includes('-') ? `portrange ${text}` : `port ${text}`;
    cursor.fail(`an address must follow ${after}`, fix, withTypeWord(cursor));
  }
  if (cursor.token.kind === 'word' && HOST_NAME.test(text)) return rejectHostName(cursor, after);
  const bare = endpointText(text)?.address ?? text;
  const network = parsedNetwork(cursor, isNet || text.includes('/') ? completed(text) : bare);
  cursor.take('address');
  return network;
}

/** Matches `example.org`, and what may be a misspelt word. */
const HOST_NAME = /^(?=.*[g-z_])[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;

function rejectHostName(cursor: Cursor, after: string): never {
  const problem = `an address must follow ${after}; names are not looked up, write the address`;
  if (after.includes('host') || after.includes('net')) return cursor.failNear([], problem);
  return cursor.failNear([...asTheyAre(TYPE_WORDS.keys()), ...termCandidates()], problem);
}

/** The range of the value here and of a preceding word such as "host" that does not fit it. */
function withTypeWord(cursor: Cursor): TextRange {
  const { taken, token } = cursor;
  return { from: taken !== undefined && TYPE_WORDS.has(wordOf(taken)) ? taken.from : token.from, to: token.to };
}

/** Takes an address with a port as one value; returns undefined if another value stands here. */
export function takeEndpoint(cursor: Cursor): { network: string; port: number } | undefined {
  const { address, port } = endpointText(cursor.token.text) ?? {};
  if (address === undefined || port === undefined) return undefined;
  if (port > MAX_PORT) cursor.fail(`the largest port is ${MAX_PORT}`);
  const network = parsedNetwork(cursor, address);
  cursor.take('address');
  return { network, port };
}

function parsedNetwork(cursor: Cursor, text: string): string {
  const read = readNetwork(text);
  return 'problem' in read ? cursor.fail(read.problem, read.fix) : formatNetwork(read);
}

/**
 * Completes `10` and `172.16` as tcpdump does: appends zeros, and a prefix that covers the given octets. `10/8` works
 * too.
 */
function completed(text: string): string {
  const [, address, prefix] = /^(\d{1,3}(?:\.\d{1,3}){0,2})(\/\d+)?$/.exec(text) ?? [];
  if (address === undefined) return text;
  const octets = address.split('.');
  return `${[...octets, '0', '0', '0'].slice(0, 4).join('.')}${prefix ?? `/${8 * octets.length}`}`;
}

const MAX_PORT = 0xffff;

const PORTS = /^(\d+|0x[0-9a-f]+)(?:-(\d+|0x[0-9a-f]+))?$/i;

/** Takes a port or a range of ports. */
export function takePorts(cursor: Cursor, after: string): { from: number; to: number } {
  const isRange = after.includes('portrange');
  cursor.must(`${isRange ? 'ports such as 1-1024' : 'a port'} must follow ${after}`, isRange ? 'range' : 'port');
  const { text } = cursor.token;
  const [, first, last = first] = PORTS.exec(text) ?? [];
  if (first === undefined) return namedPort(cursor, after);
  const [from, to] = [Number(first), Number(last)];
  if (Math.max(from, to) > MAX_PORT) cursor.fail(`the largest port is ${MAX_PORT}`);
  if (from > to) cursor.fail('the range ends before it begins', `${last}-${first}`);
  cursor.take('number');
  return { from, to };
}

function namedPort(cursor: Cursor, after: string): { from: number; to: number } {
  const port = servicePort(cursor.token.text.toLowerCase());
  if (port === undefined) {
    const { text } = cursor.token;
    if (looksLikeAddress(text)) cursor.fail(`a port must follow ${after}`, `host ${text}`, withTypeWord(cursor));
    return cursor.failNear(asTheyAre(serviceNames()), `neither a port nor a known service; write the number`);
  }
  cursor.take('name');
  return { from: port, to: port };
}

export function takeNumber(cursor: Cursor, after: string, max: number, expected: Expected = 'number'): number {
  cursor.must(`a number must follow ${after}`, expected);
  const { text } = cursor.token;
  if (!/^(\d{1,12}|0x[0-9a-f]{1,8})$/i.test(text)) cursor.failNear([], `a number of 0 to ${max} must follow ${after}`);
  if (Number(text) > max) cursor.fail(`the largest number for ${after} is ${max}`);
  return Number(cursor.take('number').text);
}

export function takeProtocol(cursor: Cursor, after: string): number {
  cursor.must(`an IP protocol such as gre or 47 must follow ${after}`, 'protocol');
  if (/^\d/.test(cursor.token.text)) return takeNumber(cursor, after, 255);
  if (!isKnownProtocol(cursor.word)) {
    cursor.failNear(asTheyAre(IP_PROTOCOL_WORDS), `an IP protocol such as gre or 47 must follow ${after}`);
  }
  const number = parseIpProtocol(cursor.word);
  cursor.take('name');
  return number;
}

function isKnownProtocol(word: string): boolean {
  return IP_PROTOCOL_WORDS.includes(word);
}

export function takeEtherType(cursor: Cursor, after: string): number {
  const known = ETHER_TYPE_WORDS.get(cursor.word);
  if (known === undefined && !/^\d/.test(cursor.token.text)) {
    cursor.must(`an EtherType such as arp or 0x88cc must follow ${after}`, 'ether_type');
    cursor.failNear(asTheyAre(ETHER_TYPE_WORDS.keys()), `an EtherType such as arp or 0x88cc must follow ${after}`);
  }
  if (known === undefined) return takeNumber(cursor, after, 0xffff);
  cursor.take('name');
  return known;
}

const CODES = { action: ACTIONS, reason: REASONS } as const;

/** Takes a name of the record's enum, or its number: a later version may have names that this version lacks. */
export function takeCode(cursor: Cursor, field: 'action' | 'reason', after: string): number {
  const words = Object.keys(CODES[field]);
  cursor.must(`${words.slice(0, 2).join(', ')} or another ${field} must follow ${after}`, field);
  if (/^\d/.test(cursor.token.text)) return takeNumber(cursor, after, 255);
  const { word } = cursor;
  const code = (CODES[field] as Readonly<Record<string, number>>)[words.includes(word) ? word : ''];
  if (code === undefined) return cursor.failNear(asTheyAre(words), `it must be one of ${words.join(', ')}`);
  cursor.take('name');
  return code;
}

/** Takes `syn`, `syn,ack` or `none`. */
export function takeFlags(cursor: Cursor, after: string): number {
  if (cursor.takeIf('none', 'name')) return 0;
  let flags = 0;
  do {
    cursor.must(`a TCP flag such as syn must follow ${after}`, 'flag');
    const flag = FLAG_WORDS.get(cursor.word);
    if (flag === undefined) {
      return cursor.failNear(asTheyAre(FLAG_WORDS.keys()), `it must be one of ${[...FLAG_WORDS.keys()].join(', ')}`);
    }
    cursor.take('name');
    flags |= flag;
  } while (cursor.takeIf(',', 'comparison'));
  return flags;
}

/** Takes the type of an ICMP or ICMPv6 message by number or name, with the code if the name denotes one. */
export function takeIcmpType(cursor: Cursor, protocol: 1 | 58, after: string): IcmpTypeAndCode {
  const what = `a type such as ${protocol === 1 ? 'echo-request' : 'neighbor-solicitation'} or a number must follow ${after}`;
  cursor.must(what, protocol === 1 ? 'icmp type' : 'icmp6 type');
  if (/^\d/.test(cursor.token.text)) return { type: takeNumber(cursor, after, 255) };
  const words = icmpNames(protocol);
  const known = words.get(cursor.word.replace(/^icmp6?-/, ''));
  if (known === undefined) return cursor.failNear(asTheyAre(words.keys()), what);
  cursor.take('name');
  return known;
}

const MAX_NAME_LENGTH = 64;

export function takeInterface(cursor: Cursor, after: string): string {
  cursor.must(`the name of an interface must follow ${after}`, 'interface');
  const { kind, text } = cursor.token;
  if (kind === 'sign') cursor.fail(`the name of an interface must follow ${after}; quote it if it has such signs`);
  if (kind === 'word' && /[*?]/.test(text)) {
    cursor.fail(
      'names of interfaces have no wildcards; name each, as iface (eth0 or eth1), or quote a name with this sign',
    );
  }
  if (text === '' || text.length > MAX_NAME_LENGTH) cursor.fail('no interface has such a name');
  return cursor.take('name').text;
}
