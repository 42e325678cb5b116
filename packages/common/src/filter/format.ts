/** Formats a filter as text that parses to the same filter. */

import { parseNetwork } from '../address/network.ts';
import { ACTIONS, REASONS } from '../record/layout.ts';
import type {
  Filter,
  FlagsFilter,
  IcmpFilter,
  InterfaceFilter,
  NetworkFilter,
  NumberField,
  NumberFilter,
  PortFilter,
} from './filter.ts';
import { FLAG_WORDS, NUMBER_WORDS, PROTOCOL_WORDS, VERDICT_WORDS } from './words.ts';

/** Uses full words, and parentheses wherever precedence could be in doubt. */
export function formatFilter(filter: Filter): string {
  return format(filter, formatFilter);
}

/** Returns a formatter that caches the texts of filters and of their parts. The filters must not change meanwhile. */
export function rememberingFormatter(): (filter: Filter) => string {
  const texts = new Map<Filter, string>();
  const textOf = (filter: Filter): string => {
    const cached = texts.get(filter);
    if (cached !== undefined) return cached;
    const text = format(filter, textOf);
    texts.set(filter, text);
    return text;
  };
  return textOf;
}

function format(filter: Filter, textOf: (filter: Filter) => string): string {
  switch (filter.kind) {
    case 'all':
      return 'all';
    case 'and':
    case 'or':
      return filter.terms.map((term) => asOperand(term, textOf)).join(` ${filter.kind} `);
    case 'not':
      return `not ${asOperand(filter.term, textOf)}`;
    case 'number':
      return formatNumber(filter);
    case 'network':
      return formatNetworkTerm(filter);
    case 'port':
      return formatPort(filter);
    case 'icmp':
      return formatIcmp(filter);
    case 'flags':
      return formatFlags(filter);
    case 'interface':
      return formatInterface(filter);
  }
}

function asOperand(filter: Filter, textOf: (filter: Filter) => string): string {
  const text = textOf(filter);
  return filter.kind === 'and' || filter.kind === 'or' ? `(${text})` : text;
}

/** `tcp` for `ip_protocol = 6`. */
const SHORT: ReadonlyMap<string, string> = new Map(
  [...PROTOCOL_WORDS, ...VERDICT_WORDS].map(([word, { field, value }]) => [`${field} ${value}`, word]),
);
const FIELD_WORDS: ReadonlyMap<NumberField, string> = new Map<NumberField, string>([
  ...[...NUMBER_WORDS].map(([word, { field }]) => [field, word] as const),
  ['ether_type', 'ether proto'],
  ['ip_protocol', 'proto'],
  ['action', 'action'],
  ['reason', 'reason'],
]);
const CODE_WORDS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(ACTIONS).map(([word, code]) => [`action ${code}`, word] as const),
  ...Object.entries(REASONS).map(([word, code]) => [`reason ${code}`, word] as const),
]);

function formatNumber({ field, comparison, value }: NumberFilter): string {
  const short = SHORT.get(`${field} ${value}`);
  if (comparison === '=' && short !== undefined) return short;
  if (field === 'vlan_id' && comparison === '>=' && value === 0) return 'vlan';
  const shown = CODE_WORDS.get(`${field} ${value}`) ?? (field === 'ether_type' ? hexadecimal(value) : value);
  // A size is compared, a name is simply written.
  const isName = comparison === '=' && field !== 'length' && field !== 'weight';
  return `${FIELD_WORDS.get(field)} ${isName ? '' : `${comparison} `}${shown}`;
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

function sideWord(side: NetworkFilter['side']): string {
  return side === 'either' ? '' : `${side} `;
}

function formatNetworkTerm({ side, network }: NetworkFilter): string {
  const { bits } = parseNetwork(network);
  const isHost = bits === 128;
  return `${sideWord(side)}${isHost ? `host ${network.slice(0, network.indexOf('/'))}` : `net ${network}`}`;
}

function formatPort({ side, from, to }: PortFilter): string {
  return `${sideWord(side)}${from === to ? `port ${from}` : `portrange ${from}-${to}`}`;
}

function formatIcmp({ protocol, type, code }: IcmpFilter): string {
  return `${protocol === 1 ? 'icmp' : 'icmp6'} type ${type}${code === undefined ? '' : ` code ${code}`}`;
}

function formatFlags({ flags, exact }: FlagsFilter): string {
  if (flags === 0) return exact ? 'flags = none' : 'tcp';
  const words = [...FLAG_WORDS].filter(([, bit]) => (flags & bit) !== 0).map(([word]) => word);
  return `flags ${exact ? '= ' : ''}${words.join(',')}`;
}

/** Quotes the name where necessary. */
export function interfaceWord(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

const PLAIN_NAME = /^[\w.@:-]+$/;

function formatInterface({ name }: InterfaceFilter): string {
  return `iface ${interfaceWord(name)}`;
}
