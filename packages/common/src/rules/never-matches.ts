/** Finds rules that match no packet, or fewer packets than their text says: explains why, and what to write instead. */
import { parseIpProtocol } from './ip-protocol.ts';
import { type PacketCondition, parseDestination, parseLengthRange } from './packet-condition.ts';
import type { Rule } from './rule.ts';
import { parseRuleSource } from './source.ts';

type Matching = PacketCondition &
  Pick<Rule, 'source'> &
  Partial<Pick<Rule, 'protocol' | 'destination_port' | 'interface' | 'expires_at'>>;

/** Facts about the loader that applies the rule. Absent: unknown, and not checked. */
export interface MatchContext {
  readonly nowMs?: number;
  /** Names of the watched interfaces. */
  readonly interfaces?: readonly string[];
  /** Networks in a named set; undefined: there is no such set. */
  readonly setEntries?: (name: string) => number | undefined;
}

/**
 * IPv6 extension headers that the XDP program skips to find the protocol after them (`extension_kinds` in
 * parse_ipv6.h): a record, and therefore a rule, has the protocol at the end of the chain. It also skips Mobility
 * (135), HIP (139) and Shim6 (140), but they are the end of the chain where no header follows, as in nearly all of
 * their packets.
 */
const FOLLOWED: ReadonlyMap<number, string> = new Map([
  [0, 'hop-by-hop options'],
  [43, 'routing'],
  [44, 'fragment'],
  [51, 'authentication'],
  [60, 'destination options'],
]);
const ICMP = 1;
const ICMPV6 = 58;

const INSTEAD = 'write the protocol that follows it, such as tcp, or leave the protocol out';

/**
 * Returns why a rule for IPv6 packets can never match its protocol, as the end of a sentence with the fix; undefined:
 * it can.
 */
export function followedHeader({ source, protocol }: Matching): string | undefined {
  if (protocol === undefined || familyOf(source) !== 6) return undefined;
  const header = FOLLOWED.get(parseIpProtocol(protocol));
  return header && `In IPv6 this is the ${header} extension header, which is not matched itself: ${INSTEAD}.`;
}

/** Returns a sentence with the next step; undefined if the rule can match everything it says. */
export function neverMatches(rule: Matching, context: MatchContext = {}): string | undefined {
  return byProtocol(rule) ?? byCondition(rule) ?? byContext(rule, context);
}

function byProtocol(rule: Matching): string | undefined {
  if (rule.protocol === undefined) return undefined;
  const number = parseIpProtocol(rule.protocol);
  const family = familyOf(rule.source);
  const never = followedHeader(rule);
  if (never !== undefined) return `It never matches. ${never}`;
  const header = FOLLOWED.get(number);
  if (header !== undefined && family === undefined) {
    return `It matches IPv4 packets only: in IPv6, protocol ${number} is the ${header} extension header, and rules match the protocol that follows it.`;
  }
  if (number === ICMPV6 && family === 4) return 'It never matches: IPv4 packets carry icmp, not icmpv6. Write icmp.';
  if (number === ICMP && family === 6) return 'It never matches: IPv6 packets carry icmpv6, not icmp. Write icmpv6.';
  return undefined;
}

/** The shortest header: of Ethernet and IPv4. */
const SHORTEST_FRAME = 34;

function byCondition({ source, protocol, destination_port, destination, fragment, ...rule }: Matching) {
  const family = familyOf(source);
  const to = destination === undefined ? undefined : parseDestination(destination).family;
  if (family !== undefined && to !== undefined && family !== to)
    return `It never matches: the source is IPv${family} and the destination IPv${to}. Write addresses of one family.`;
  if (protocol !== undefined && to === 4 && parseIpProtocol(protocol) === ICMPV6)
    return 'It never matches: packets to an IPv4 destination carry icmp, not icmpv6. Write icmp.';
  if (protocol !== undefined && to === 6 && parseIpProtocol(protocol) === ICMP)
    return 'It never matches: packets to an IPv6 destination carry icmpv6, not icmp. Write icmpv6.';
  if (fragment === true && destination_port !== undefined)
    return 'It never matches: later fragments have no ports. Leave the port out; the first fragment has one, and needs a rule without fragment.';
  if (fragment === true && rule.tcp_flags !== undefined)
    return 'It never matches: later fragments have no TCP flags. Leave the flags or the fragment out.';
  if (rule.length !== undefined && parseLengthRange(rule.length).to < SHORTEST_FRAME)
    return `It never matches: the Ethernet and IP headers alone have ${SHORTEST_FRAME} bytes. Write a greater length.`;
  return undefined;
}

function byContext(rule: Matching, { nowMs, interfaces, setEntries }: MatchContext): string | undefined {
  const { interface: name, expires_at } = rule;
  if (nowMs !== undefined && expires_at !== undefined && Date.parse(expires_at) <= nowMs) {
    return `It never matches: it expired at ${expires_at}. Give a later time, or remove the rule.`;
  }
  if (name !== undefined && interfaces !== undefined && !interfaces.includes(name)) {
    const watched =
      interfaces.length === 0 ? 'none is' : `${interfaces.join(', ')} ${interfaces.length > 1 ? 'are' : 'is'}`;
    return `It matches no packet now: interface ${name} is not watched (${watched}). Correct the name, or start packetlog with --iface ${name}.`;
  }
  const source = parseRuleSource(rule.source);
  if (source.kind !== 'set' || setEntries === undefined || setEntries(source.name) !== 0) return undefined;
  return `It matches no packet now: set ${source.name} is empty. Import a list: packetlog rules import FILE --set ${source.name}.`;
}

/** Returns undefined for both families. */
function familyOf(text: string): 4 | 6 | undefined {
  const source = parseRuleSource(text);
  return source.kind === 'network' ? source.network.family : undefined;
}

/**
 * Returns a note for a source that was written as an IPv4-mapped address and is read as IPv4; `read`: the canonical
 * text.
 */
export function mappedNote(written: unknown, read: string): string | undefined {
  if (typeof written !== 'string' || !written.includes(':') || /[^\d./]/.test(read)) return undefined;
  return `${written} was read as ${read}: packets from IPv4-mapped addresses are IPv4 packets.`;
}
