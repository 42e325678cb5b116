/** The source of a rule: any, an address or network, or a named set of networks. */
import { formatNetwork, formatNetworkProblem, type Network, readNetwork, unmapped } from '../address/network.ts';
import { RuleValueError } from './rule-value-error.ts';

export type RuleSource =
  | { readonly kind: 'any' }
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'set'; readonly name: string };

const SET = 'set:';
const SET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const HOST_BITS = 128;

/**
 * Returns whether the name has 1 to 63 letters, digits, `.`, `_` and `-`, with a letter or digit first: it is also a
 * file name.
 */
export function isSetName(name: string): boolean {
  return SET_NAME.test(name);
}

/**
 * Parses `any`, `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32` or `set:NAME`; `::ffff:192.0.2.1` is read as `192.0.2.1`.
 * @throws RuleValueError for anything else, and for bits set after the prefix.
 */
export function parseRuleSource(text: string): RuleSource {
  if (text === 'any') return { kind: 'any' };
  if (text.startsWith(SET)) return setSource(text);
  const read = readNetwork(text);
  if (!('problem' in read)) return { kind: 'network', network: unmapped(read) };
  const unknown = /[.:]/.test(text) ? undefined : `is not a source: write any, 192.0.2.1, 2001:db8::/32 or ${SET}NAME`;
  throw new RuleValueError(text, unknown ?? formatNetworkProblem(read));
}

function setSource(text: string): RuleSource {
  const name = text.slice(SET.length);
  if (isSetName(name)) return { kind: 'set', name };
  throw new RuleValueError(
    text,
    `is not the name of a set: write ${SET} and 1 to 63 letters, digits, dots, dashes or underscores`,
  );
}

/** Returns the same text for the same source, however it was written; a single address without its prefix length. */
export function formatRuleSource(source: RuleSource): string {
  if (source.kind === 'any') return 'any';
  if (source.kind === 'set') return `${SET}${source.name}`;
  const text = formatNetwork(source.network);
  return source.network.bits === HOST_BITS ? text.slice(0, text.lastIndexOf('/')) : text;
}
