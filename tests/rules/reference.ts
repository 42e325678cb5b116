/**
 * The reference for the meaning of rules, written to be obvious rather than fast: a matching permit rule wins; otherwise
 * a deny rule; otherwise a limit that the packet is over; otherwise an observe rule; otherwise the default policy. Tests compare the compiler and the XDP program
 * with it.
 */
import {
  type DefaultPolicy,
  type Network,
  type PortRange,
  parseIpProtocol,
  parseNetwork,
  parsePortRange,
  parseRuleSource,
  type Rule,
  unmapped,
} from '@packetlog/common';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** The facts of a packet that rules match. */
export interface Packet {
  readonly etherType: number;
  /** After extension headers; 255: none was read. */
  readonly ipProtocol: number;
  /** Undefined: not read. Its family is that of the EtherType. */
  readonly source: Address | undefined;
  /** Undefined: not read. Of the same family as the source. */
  readonly destination: Address | undefined;
  /** Undefined: the packet has none, or it was not read. */
  readonly destinationPort: number | undefined;
  /** Undefined: not TCP, or not read. */
  readonly tcpFlags: number | undefined;
  /** Bytes of the frame. */
  readonly length: number;
  /** A fragment after the first. */
  readonly isFragment: boolean;
  readonly interface: string;
}

export interface ReferenceVerdict {
  readonly by: 'rule' | 'default_policy' | 'not_ip';
  readonly action: 'permit' | 'deny' | 'observe';
  readonly ruleId?: number;
}

export interface Prefix extends Address {
  readonly bits: number;
}

const PORT_PROTOCOLS = [6, 17, 132, 136];
const ETHER_TYPES = [0x0800, 0x86dd];

/** A rule with parsed fields. */
interface ReadRule {
  readonly id: number;
  readonly action: Rule['action'];
  /** 'any': the rule matches every source. */
  readonly prefixes: readonly Prefix[] | 'any';
  readonly protocol: number | undefined;
  readonly ports: PortRange | undefined;
  readonly interface: string | undefined;
  readonly tcpFlags: string | undefined;
  readonly destination: Prefix | undefined;
  readonly lengths: PortRange | undefined;
  readonly fragment: boolean;
  readonly expiresNs: bigint | undefined;
}

export class ReferenceRules {
  readonly #rules: readonly ReadRule[];
  readonly #policy: DefaultPolicy;

  /** @param sets networks of each set, as text */
  constructor(rules: readonly Rule[], sets: ReadonlyMap<string, readonly string[]>, policy: DefaultPolicy) {
    this.#rules = rules.map((rule) => read(rule, sets));
    this.#policy = policy;
  }

  verdict(packet: Packet, nowNs: bigint): ReferenceVerdict {
    if (!ETHER_TYPES.includes(packet.etherType)) return { by: 'not_ip', action: 'permit' };
    const matches = this.#matches(packet, nowNs);
    for (const action of ['permit', 'deny', 'observe'] as const) {
      const [first] = matches
        .filter((match) => match.action === action)
        .sort((a, b) => b.length - a.length || a.id - b.id);
      if (first) return { by: 'rule', action, ruleId: first.id };
    }
    return { by: 'default_policy', action: this.#policy };
  }

  /** Returns the ids of the limits that a packet meets: the longest prefix first, then the lowest id. */
  limits(packet: Packet, nowNs: bigint): number[] {
    const { by, action } = this.verdict(packet, nowNs);
    if (by === 'not_ip' || (by === 'rule' && action !== 'observe')) return [];
    const limits = this.#matches(packet, nowNs).filter((match) => match.action === 'limit');
    return limits.sort((a, b) => b.length - a.length || a.id - b.id).map(({ id }) => id);
  }

  #matches(packet: Packet, nowNs: bigint): { action: Rule['action']; id: number; length: number }[] {
    return this.#rules.flatMap((rule) => {
      if (isExpired(rule, nowNs) || !holds(rule, packet)) return [];
      const length = sourceLength(rule, packet.source);
      return length === undefined ? [] : [{ action: rule.action, id: rule.id, length }];
    });
  }
}

/** Returns the length of the rule's longest prefix that contains the address; -1 for source any; undefined: no match. */
function sourceLength({ prefixes }: ReadRule, source: Address | undefined): number | undefined {
  if (prefixes === 'any') return -1;
  if (source === undefined) return undefined;
  let longest: number | undefined;
  for (const prefix of prefixes) {
    if (contains(prefix, source) && prefix.bits > (longest ?? -1)) longest = prefix.bits;
  }
  return longest;
}

function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const rest = BigInt(widthOf(prefix.family) - prefix.bits);
  return prefix.value >> rest === address.value >> rest;
}

function holds(rule: ReadRule, packet: Packet): boolean {
  if (rule.interface !== undefined && rule.interface !== packet.interface) return false;
  if (rule.protocol !== undefined && rule.protocol !== packet.ipProtocol) return false;
  if (rule.tcpFlags !== undefined && !flagsHold(rule.tcpFlags, packet.tcpFlags)) return false;
  if (rule.destination !== undefined && !(packet.destination && contains(rule.destination, packet.destination)))
    return false;
  const length = Math.min(65_535, packet.length);
  if (rule.lengths !== undefined && (length < rule.lengths.from || length > rule.lengths.to)) return false;
  if (rule.fragment && !packet.isFragment) return false;
  if (rule.ports === undefined) return true;
  if (packet.destinationPort === undefined || !PORT_PROTOCOLS.includes(packet.ipProtocol)) return false;
  return rule.ports.from <= packet.destinationPort && packet.destinationPort <= rule.ports.to;
}

const FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'];

function flagsHold(wanted: string, flags: number | undefined): boolean {
  if (flags === undefined) return false;
  if (wanted === 'none') return flags === 0;
  return wanted.split(',').every((word) => {
    const isSet = ((flags >> FLAGS.indexOf(word.replace('!', ''))) & 1) === 1;
    return word.startsWith('!') ? !isSet : isSet;
  });
}

function isExpired(rule: ReadRule, nowNs: bigint): boolean {
  return rule.expiresNs !== undefined && nowNs >= rule.expiresNs;
}

function read(rule: Rule, sets: ReadonlyMap<string, readonly string[]>): ReadRule {
  return {
    id: rule.id,
    action: rule.action,
    prefixes: prefixesOf(rule, sets),
    protocol: rule.protocol === undefined ? undefined : parseIpProtocol(rule.protocol),
    ports: rule.destination_port === undefined ? undefined : parsePortRange(rule.destination_port),
    interface: rule.interface,
    tcpFlags: rule.tcp_flags,
    destination: rule.destination === undefined ? undefined : prefixOf(unmapped(parseNetwork(rule.destination))),
    lengths: rule.length === undefined ? undefined : parsePortRange(rule.length),
    fragment: rule.fragment === true,
    expiresNs: rule.expires_at === undefined ? undefined : BigInt(Date.parse(rule.expires_at)) * 1_000_000n,
  };
}

export function widthOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function prefixesOf(rule: Rule, sets: ReadonlyMap<string, readonly string[]>): readonly Prefix[] | 'any' {
  const source = parseRuleSource(rule.source);
  if (source.kind === 'any') return 'any';
  if (source.kind === 'network') return [prefixOf(source.network)];
  return (sets.get(source.name) ?? []).map((text) => prefixOf(unmapped(parseNetwork(text))));
}

function prefixOf({ family, bytes, bits }: Network): Prefix {
  const own = family === 4 ? bytes.subarray(12) : bytes;
  return {
    family,
    value: own.reduce((value, byte) => value * 256n + BigInt(byte), 0n),
    bits: bits - (128 - widthOf(family)),
  };
}
