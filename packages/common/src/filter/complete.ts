/** Completes a filter's text at the cursor. */
import { icmpNames } from '../names/icmp-names.ts';
import { serviceNames, servicePort } from '../names/service-names.ts';
import { ACTIONS, REASONS } from '../record/layout.ts';
import { reasonSentence } from '../record/reasons.ts';
import { IP_PROTOCOL_WORDS, parseIpProtocol } from '../rules/ip-protocol.ts';
import { Cursor, type Expected } from './cursor.ts';
import { FilterError } from './filter-error.ts';
import { interfaceWord } from './format.ts';
import { readFilter } from './parse.ts';
import { tokensOf } from './tokens.ts';
import {
  ETHER_TYPE_WORDS,
  FLAG_WORDS,
  LENGTH_WORDS,
  NAME_WORDS,
  NUMBER_WORDS,
  PROTOCOL_WORDS,
  SIDE_WORDS,
  TYPE_WORDS,
  VERDICT_WORDS,
} from './words.ts';

export interface FilterOption {
  /** Replaces the text from `from` to the cursor. */
  readonly text: string;
  readonly kind: 'word' | 'connective' | 'comparison' | 'value';
  /** A short description; may be empty. */
  readonly detail: string;
}

export interface FilterCompletion {
  readonly from: number;
  /** Best first; empty where nothing can be suggested, such as within numbers. */
  readonly options: readonly FilterOption[];
}

/** Values that only the loader can provide. */
export interface FilterVocabulary {
  readonly interfaces?: readonly string[];
  readonly addresses?: readonly string[];
  readonly rules?: readonly { readonly id: number; readonly detail: string }[];
}

const MAX_OPTIONS = 50;

/** Completes the text up to `cursor`; ignores what follows. Never throws. */
export function completeFilter(text: string, cursor: number, vocabulary: FilterVocabulary = {}): FilterCompletion {
  const before = text.slice(0, cursor);
  const from = partialFrom(before);
  const typed = before.slice(from).replace(/^"/, '').toLowerCase();
  const options = expectedAfter(before.slice(0, from)).flatMap((what) => optionsFor(what, vocabulary));
  const byText = new Map(options.map((option) => [option.text, option] as const).reverse());
  const unique = [...byText.values()].reverse();
  const beginning = unique.filter((option) => option.text.replace(/^"/, '').toLowerCase().startsWith(typed));
  const inside = typed.length < 2 ? [] : unique.filter((option) => option.text.toLowerCase().includes(typed, 1));
  return { from, options: [...new Set([...beginning, ...inside])].slice(0, MAX_OPTIONS) };
}

/** Returns where the unfinished word or quoted name begins. */
function partialFrom(text: string): number {
  const { tokens, error } = tokensOf(text);
  if (error !== undefined) return text[error.from] === '"' ? error.from : text.length;
  const last = tokens.at(-2);
  return last?.kind === 'word' && last.to === text.length ? last.from : text.length;
}

/** After an error, considers only the part since the last "and", "or", "not" or "(". */
function expectedAfter(text: string): readonly Expected[] {
  const whole = expectedAtEnd(text);
  if (whole !== undefined) return whole;
  const [, part] = /^.*(?:\b(?:and|or|not)\b|&&|\|\||!|\()(.*)$/is.exec(text) ?? [];
  return part === undefined ? [] : (expectedAtEnd(part) ?? []);
}

function expectedAtEnd(text: string): readonly Expected[] | undefined {
  const cursor = new Cursor(text);
  try {
    readFilter(cursor);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    if (cursor.token.from < text.length) return undefined;
  }
  return [...cursor.expected];
}

const word = (text: string, detail: string): FilterOption => ({ text, kind: 'word', detail });
const value = (text: string, detail = ''): FilterOption => ({ text, kind: 'value', detail });
const words = (of: ReadonlyMap<string, string | { readonly detail: string }>): FilterOption[] =>
  [...of].map(([text, about]) => word(text, typeof about === 'string' ? about : about.detail));

const CONNECTIVES: readonly FilterOption[] = [
  { text: 'and', kind: 'connective', detail: 'both hold' },
  { text: 'or', kind: 'connective', detail: 'at least one holds' },
];
const COMPARISONS: readonly FilterOption[] = ['>', '<', '>=', '<=', '=', '!='].map((text) => ({
  text,
  kind: 'comparison',
  detail: '',
}));

/** Most frequent beginnings of a filter first. */
const TERMS: readonly FilterOption[] = [
  ...words(PROTOCOL_WORDS).slice(0, 2),
  ...words(SIDE_WORDS),
  ...words(TYPE_WORDS),
  ...words(VERDICT_WORDS),
  { text: 'not', kind: 'connective', detail: 'what follows does not hold' },
  ...words(PROTOCOL_WORDS).slice(2),
  ...words(NUMBER_WORDS),
  ...words(NAME_WORDS),
  ...words(LENGTH_WORDS),
  { text: '(', kind: 'connective', detail: 'several terms as one' },
  word('all', 'every packet'),
];

function optionsFor(what: Expected, vocabulary: FilterVocabulary): readonly FilterOption[] {
  switch (what) {
    case 'term':
      return TERMS;
    case 'connective':
      return CONNECTIVES;
    case 'close':
      return [{ text: ')', kind: 'connective', detail: '' }];
    case 'side':
      return [...words(SIDE_WORDS), ...words(TYPE_WORDS)];
    case 'type':
      return words(TYPE_WORDS);
    case 'icmp':
      return [word('type', 'by its number or name, as type echo-request')];
    case 'code':
      return [word('code', 'a number, as code 1')];
    case 'proto':
      return [word('proto', 'by its number or name')];
    case 'comparison':
      return COMPARISONS;
    default:
      return valuesFor(what, vocabulary);
  }
}

function icmpValues(protocol: number): readonly FilterOption[] {
  return [...icmpNames(protocol)].map(([text, { type, code }]) =>
    value(text, `type ${type}${code === undefined ? '' : ` code ${code}`}`),
  );
}

function valuesFor(what: Expected, { interfaces, addresses, rules }: FilterVocabulary): readonly FilterOption[] {
  switch (what) {
    case 'address':
      return (addresses ?? []).map((text) => value(text));
    case 'port':
      return serviceNames().map((text) => value(text, `port ${servicePort(text)}`));
    case 'protocol':
      return IP_PROTOCOL_WORDS.map((text) => value(text, `${parseIpProtocol(text)}`));
    case 'ether_type':
      return [...ETHER_TYPE_WORDS].map(([text, code]) => value(text, `0x${code.toString(16).padStart(4, '0')}`));
    case 'action':
      return Object.keys(ACTIONS).map((text) => value(text, VERDICT_WORDS.get(text)?.detail));
    case 'reason':
      return Object.entries(REASONS).map(([text, code]) => value(text, reasonSentence(code)));
    case 'icmp type':
    case 'icmp6 type':
      return icmpValues(what === 'icmp type' ? 1 : 58);
    case 'flag':
      return [...FLAG_WORDS.keys(), 'none'].map((text) => value(text));
    case 'interface':
      return (interfaces ?? []).map((name) => value(interfaceWord(name)));
    case 'rule':
      return (rules ?? []).map(({ id, detail }) => value(String(id), detail));
    default:
      return [];
  }
}
