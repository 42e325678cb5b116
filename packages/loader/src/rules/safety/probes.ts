/** Builds packets as a protected address may send them: their verdicts show whether rules lock it out. */
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  hasPacketCondition,
  type Network,
  parseIpProtocol,
  parseNetwork,
  parsePortRange,
  parseRuleSource,
  type Rule,
  unmapped,
} from '@packetlog/common';
import type { ConditionFacts, PacketFacts } from '../evaluator/rule-image.ts';
import type { AddressList } from '../lists/address-list.ts';
import { prefixLength, startsWith, words } from '../lists/network-words.ts';
import { type Ruleset, setOf } from '../ruleset/ruleset.ts';
import { distinctionsOf, LONGEST, LONGEST_ANSWER, type Needed, varieties } from './packet-varieties.ts';
import type { Protected } from './protected-sources.ts';

/** A protocol and, if it has ports, a port. */
type Service = readonly [protocol: number, port?: number];

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

/**
 * Name servers reply to ephemeral ports: these are the first, one in the middle, and the last of the default range.
 */
const REPLY_PORTS = [32_768, 45_000, 60_999];
/** ICMP, DHCP replies and neighbour discovery, by family: without them, the machine loses its network. */
const FROM_GATEWAY: Readonly<Record<Network['family'], readonly Service[]>> = {
  4: [[ICMP], [UDP, 68]],
  6: [[ICMPV6], [UDP, 546]],
};
/** Services that are probed for addresses of the protect list, none of whose packets may be denied. */
const COMMON: readonly Service[] = [[TCP, 22], [TCP, 443], [UDP, 53], [ICMP], [ICMPV6]];
const WITH_PORTS = [TCP, UDP, 132, 136];

/** Maximum networks of a set that are probed within a protected network. */
const MAX_OVERLAPS = 64;

/** A packet, without the interface at which it arrives. */
type Probe = Omit<PacketFacts, 'interfaceSlot'>;

/** Returns the probes for a protected address. `before`: other rules that evaluate them. */
export function probesOf(target: Protected, ruleset: Ruleset, before?: Ruleset): Probe[] {
  const network = unmapped(parseNetwork(target.address));
  const distinctions = distinctionsOf(
    [ruleset, ...(before ? [before] : [])].flatMap((each) => concerning(each, network)),
  );
  const to = (target.to ?? []).map((text) => unmapped(parseNetwork(text)));
  return serviceProbes(target, network, ruleset).flatMap((probe) => {
    const isAnswer = target.kind === 'dns' || target.kind === 'gateway';
    const needed: Needed = {
      family: network.family,
      ipProtocol: probe.ipProtocol,
      isReply: target.kind === 'dns',
      maxLength: isAnswer && probe.ipProtocol !== TCP ? LONGEST_ANSWER : LONGEST,
      to,
    };
    return varieties(needed, distinctions).map((facts) => ({ ...probe, ...facts }));
  });
}

/** Returns the rules with conditions for sources in the network. */
function concerning(ruleset: Ruleset, network: Network): Rule[] {
  return ruleset.rules.filter((rule) => hasPacketCondition(rule) && overlapsWith(rule, network, ruleset).length > 0);
}

/** What finds the rules of a packet. */
type ServiceFacts = Omit<Probe, keyof ConditionFacts>;

/** Returns a packet for each service that the protected address needs. */
function serviceProbes(target: Protected, network: Network, ruleset: Ruleset): ServiceFacts[] {
  const at = first(network);
  switch (target.kind) {
    case 'operator':
    case 'ssh_peer':
      return target.ports.map((port) => packet(network, at, [TCP, port]));
    case 'gateway':
      return FROM_GATEWAY[network.family].map((service) => packet(network, at, service));
    case 'dns':
      return (target.ports.length > 0 ? target.ports : REPLY_PORTS).flatMap((port) =>
        [UDP, TCP].map((protocol) => packet(network, at, [protocol, port])),
      );
    case 'protect':
      return networkProbes(network, ruleset);
  }
}

/**
 * Returns probes from both ends of the network, and from where it overlaps the sources of deny rules, with the services
 * of these rules.
 */
function networkProbes(network: Network, ruleset: Ruleset): ServiceFacts[] {
  const whole = [first(network), last(network)];
  const common = whole.flatMap((at) => COMMON.map((service) => packet(network, at, service)));
  const rules = ruleset.rules.filter(({ action }) => action === 'deny');
  const ruleProbes = rules.flatMap((rule) => {
    const services = servicesOf(rule);
    const addresses = overlapsWith(rule, network, ruleset);
    return addresses.flatMap((at) => services.map((service) => packet(network, at, service)));
  });
  return [...common, ...ruleProbes];
}

function servicesOf({ protocol, destination_port }: Rule): readonly Service[] {
  if (destination_port === undefined) return protocol === undefined ? COMMON : [[parseIpProtocol(protocol)]];
  const { from, to } = parsePortRange(destination_port);
  const protocols = protocol === undefined ? WITH_PORTS : [parseIpProtocol(protocol)];
  return protocols.flatMap((each): Service[] => [
    [each, from],
    [each, to],
  ]);
}

/** Returns addresses of the network that the rule's source covers. */
function overlapsWith(rule: Rule, network: Network, ruleset: Ruleset): number[][] {
  const set = setOf(rule);
  if (set !== undefined) return overlaps(ruleset.sets.get(set)?.list, network);
  const source = parseRuleSource(rule.source);
  if (source.kind === 'any') return [first(network), last(network)];
  if (source.kind === 'set' || source.network.family !== network.family) return [];
  const narrow = source.network.bits >= network.bits ? source.network : network;
  const wide = narrow === network ? source.network : network;
  return startsWith(words(wide), words(narrow), 0, prefixLength(wide)) ? [first(narrow), last(narrow)] : [];
}

/** Returns the first address of each overlap of the list with the network. */
function overlaps(list: AddressList | undefined, network: Network): number[][] {
  if (list === undefined) return [];
  const wanted = words(network);
  const width = prefixLength(network);
  const { entries, bits } =
    network.family === 4
      ? { entries: list.ipv4.starts, bits: list.ipv4.bits }
      : { entries: list.ipv6.words, bits: list.ipv6.bits };
  const found: number[][] = [];
  for (let i = 0; i < bits.length && found.length < MAX_OVERLAPS; i++) {
    const listBits = bits[i] as number;
    if (!startsWith(wanted, entries, i * wanted.length, Math.min(listBits, width))) continue;
    found.push(listBits >= width ? [...entries.subarray(i * wanted.length, (i + 1) * wanted.length)] : [...wanted]);
  }
  return found;
}

/** Returns a packet from an address, without its interface, and without what conditions compare. */
export function packetFrom(address: string, service: Service): ServiceFacts & { readonly source: number[] } {
  const network = unmapped(parseNetwork(address));
  const source = first(network);
  return { ...packet(network, source, service), source };
}

function packet({ family }: Network, source: number[], [ipProtocol, destinationPort]: Service): ServiceFacts {
  return { etherType: family === 4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6, ipProtocol, source, destinationPort };
}

const first = words;

function last(network: Network): number[] {
  const bits = prefixLength(network);
  return words(network).map((word, i) => {
    const counted = Math.min(32, Math.max(0, bits - 32 * i));
    return counted === 32 ? word : (word | (0xffff_ffff >>> counted)) >>> 0;
  });
}
