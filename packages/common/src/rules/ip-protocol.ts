/** Names of IP protocols in rules. */
import { RuleValueError } from './rule-value-error.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipip', 4],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['ipv6', 41],
  ['rsvp', 46],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmpv6', 58],
  ['eigrp', 88],
  ['ospf', 89],
  ['pim', 103],
  ['vrrp', 112],
  ['l2tp', 115],
  ['sctp', 132],
  ['udplite', 136],
]);

/** Spellings of other tools, and of IANA. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['icmp6', 'icmpv6'],
  ['ipv6-icmp', 'icmpv6'],
  ['udp-lite', 'udplite'],
  ['ip-in-ip', 'ipip'],
]);

/** Every word that `parseIpProtocol` accepts. */
export const IP_PROTOCOL_WORDS: readonly string[] = [...NUMBERS.keys(), ...ALIASES.keys()];

const NAMES: ReadonlyMap<number, string> = new Map([...NUMBERS].map(([name, number]) => [number, name]));

/**
 * Returns the number for `tcp`, `TCP`, `6` or `"6"`.
 * @throws RuleValueError for an unknown name, and numbers above 255.
 */
export function parseIpProtocol(value: number | string): number {
  const text = String(value).toLowerCase();
  const known = NUMBERS.get(ALIASES.get(text) ?? text);
  if (known !== undefined) return known;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text);
  throw new RuleValueError(
    String(value),
    'is not a protocol: write tcp, udp, icmp, icmpv6, sctp, … or a number of 0 to 255',
  );
}

/** Returns the name if there is one, otherwise the number. */
export function formatIpProtocol(number: number): number | string {
  return NAMES.get(number) ?? number;
}
