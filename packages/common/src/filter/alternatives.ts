/** Suggests what a word that begins no term may have meant, with the words that must precede it. */
import { serviceNames } from '../names/service-names.ts';
import { REASONS } from '../record/layout.ts';
import { IP_PROTOCOL_WORDS } from '../rules/ip-protocol.ts';
import { asTheyAre, type Candidate } from './nearest.ts';
import { ETHER_TYPE_WORDS, FLAG_WORDS, TERM_WORDS } from './words.ts';

/** Words of other tools. */
const OTHER_TOOLS: readonly (readonly [string, string])[] = [
  ['sport', 'src port'],
  ['dport', 'dst port'],
  ['saddr', 'src host'],
  ['daddr', 'dst host'],
  ['source', 'src'],
  ['destination', 'dst'],
  ['ipv4', 'ip'],
  ['ipv6', 'ip6'],
  ['accept', 'permit'],
  ['reject', 'deny'],
];

const behind = (word: string, values: Iterable<string>): Candidate[] =>
  [...values].map((value) => ({ word: value, text: `${word} ${value}` }));

/** Returns the candidates; among equally near ones the first is suggested. */
export function termCandidates(): readonly Candidate[] {
  return [
    ...asTheyAre([...TERM_WORDS, 'not']),
    ...OTHER_TOOLS.map(([word, text]) => ({ word, text })),
    ...behind('flags', FLAG_WORDS.keys()),
    ...behind('proto', IP_PROTOCOL_WORDS),
    ...behind('ether proto', ETHER_TYPE_WORDS.keys()),
    ...behind('reason', Object.keys(REASONS)),
    ...behind('port', serviceNames()),
  ];
}
