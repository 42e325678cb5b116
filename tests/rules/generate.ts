/** Generates rule sets and packets at their edges: nested prefixes, first and last addresses, ends of ranges and expiries. */
import { type DefaultPolicy, formatAddress, type Rule } from '@packetlog/common';
import type { Random } from './random.ts';
import { type Address, type Packet, type Prefix, widthOf } from './reference.ts';

export interface GeneratedRules {
  readonly rules: readonly Rule[];
  /** Networks as text. */
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly policy: DefaultPolicy;
  /** Every prefix of a rule or set. */
  readonly prefixes: readonly Prefix[];
}

/** Attached interfaces by slot; rules also name one that is not attached. */
export const INTERFACE_SLOTS: ReadonlyMap<string, number> = new Map([
  ['eth0', 1],
  ['eth1', 7],
  ['wlan0', 63],
  ['other0', 5],
]);
const NAMED_INTERFACES = ['eth0', 'eth1', 'wlan0', 'gone0'];

/** Rules expire around this time. */
export const NOW_MS = Date.UTC(2030, 0, 1);
const EXPIRIES_MS = [-3_600_000, -1, 0, 1, 2, 60_000].map((ms) => NOW_MS + ms);

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'udplite', 'icmp', 'icmpv6', 'gre', 50, 0, 255];
const PORT_PROTOCOLS = ['tcp', 'udp', 'sctp', 'udplite'];
const PACKET_PROTOCOLS = [6, 6, 17, 17, 132, 136, 1, 58, 47, 50, 0, 255];
const WITH_PORTS = [6, 17, 132, 136];
const TCP = 6;
const ETHERNET = 14;
const NOTHING_READ = {
  ...{ ipProtocol: 255, source: undefined, destination: undefined, destinationPort: undefined },
  ...{ tcpFlags: undefined, isFragment: false },
} as const;
const LENGTHS = {
  4: [0, 1, 7, 8, 9, 11, 12, 13, 16, 19, 20, 21, 24, 25, 30, 31, 32, 32, 32],
  6: [0, 1, 16, 19, 20, 21, 31, 32, 33, 48, 63, 64, 64, 65, 95, 96, 97, 112, 127, 128, 128],
} as const;

const FLAG_CONDITIONS = ['none', 'syn', 'syn,!ack', '!ack', 'fin,psh,urg', 'ack,!syn', 'cwr', '!fin,!cwr'];
const PACKET_FLAGS = [0, 0, 0x02, 0x02, 0x10, 0x12, 0x18, 0x29, 0xc2, 0x01, 0x80, 0xff];
const LENGTH_RANGES = [54, '0-54', '0-60', '54-60', '61-65535', '60-1500', '1500-65535', 65_535];
const PACKET_LENGTHS = [0, 0, 0, 53, 54, 55, 60, 61, 74, 1499, 1500, 1501];
const DESTINATIONS: readonly Prefix[] = [
  ...[32, 31, 24, 8, 0].map((bits) => cut(4, 0xc000_0202n, bits)),
  ...[128, 127, 64, 65, 32, 0].map((bits) => cut(6, 0x2001_0db8_0000_0000_0000_0000_0000_0002n, bits)),
  // The same bits as an IPv4 address has in a record.
  cut(6, 0xffff_c000_0202n, 128),
];

export function generateRules(random: Random): GeneratedRules {
  const prefixes: Prefix[] = [];
  const bases = Array.from({ length: 1 + random.below(5) }, () => generateBase(random));
  const newPrefix = () => {
    const prefix = generatePrefix(random, bases, prefixes);
    prefixes.push(prefix);
    return formatPrefix(prefix);
  };
  const names = ['alpha', 'beta', 'gamma'].slice(0, random.below(4));
  const sets = new Map(names.map((name) => [name, Array.from({ length: random.below(40) }, newPrefix)]));
  const ids = new Set(Array.from({ length: random.below(25) }, () => 1 + random.below(random.pick([50, 2 ** 32 - 1]))));
  const rules = [...ids].map((id): Rule => {
    const kind = random.below(10);
    const source = kind === 0 ? 'any' : kind < 4 && names.length > 0 ? `set:${random.pick(names)}` : newPrefix();
    return fitting({ id, source, ...generateRest(random) });
  });
  rules.push(...limits(random, Math.max(0, ...ids), newPrefix, names));
  return { rules: random.shuffled(rules), sets, policy: random.pick(['permit', 'permit', 'deny']), prefixes };
}

/** At most as many as may match one packet. None of them is ever over. */
function limits(random: Random, lastId: number, newPrefix: () => string, names: readonly string[]): Rule[] {
  if (lastId > 2 ** 32 - 6) return [];
  return Array.from({ length: random.below(5) }, (_, i): Rule => {
    const kind = random.below(4);
    const source = kind === 0 ? 'any' : kind === 1 && names.length > 0 ? `set:${random.pick(names)}` : newPrefix();
    return fitting({ ...generateRest(random), id: lastId + 1 + i, source, action: 'limit', rate: '1G/s' });
  });
}

/** Only TCP has flags. */
function fitting({ tcp_flags, ...rule }: Rule): Rule {
  return tcp_flags === undefined ? rule : { ...rule, protocol: 'tcp', tcp_flags };
}

/** Few different ones, so that rules and packets meet. */
function generateCondition(random: Random): Pick<Rule, 'tcp_flags' | 'destination' | 'length' | 'fragment'> {
  const kind = random.below(6);
  const isBoth = kind >= 4;
  return {
    ...((kind === 0 || kind === 4) && { tcp_flags: random.pick(FLAG_CONDITIONS) }),
    ...((kind === 1 || kind === 5) && { destination: formatPrefix(random.pick(DESTINATIONS)) }),
    ...((kind === 2 || isBoth) && { length: random.pick(LENGTH_RANGES) }),
    ...(kind === 3 && { fragment: true as const }),
  };
}

function generateRest(random: Random): Omit<Rule, 'id' | 'source'> {
  const ports = random.chance(0.35);
  return {
    action: random.pick(['permit', 'deny', 'deny', 'observe']),
    ...(random.chance(0.3) && { protocol: random.pick<string | number>(ports ? PORT_PROTOCOLS : PROTOCOLS) }),
    ...(ports && { destination_port: generatePorts(random) }),
    ...(random.chance(0.2) && { interface: random.pick(NAMED_INTERFACES) }),
    ...(random.chance(0.3) && generateCondition(random)),
    ...(random.chance(0.3) && { expires_at: new Date(random.pick(EXPIRIES_MS)).toISOString() }),
    reason: '',
    created_by: 'test',
    created_at: '2029-12-31T00:00:00Z',
  };
}

function generatePorts(random: Random): number | string {
  const from = random.pick([0, 1, 22, 53, 80, 443, 1000, 32_767, 65_534, 65_535, random.below(65_536)]);
  const to = Math.min(65_535, from + random.pick([0, 0, 1, 2, 58, 1000, 65_535]));
  return from === to ? from : `${from}-${to}`;
}

function generateBase(random: Random): Address {
  const family = random.pick([4, 4, 6] as const);
  // Some IPv6 addresses resemble IPv4: rules for one family must not match the other.
  const value = family === 6 && random.chance(0.2) ? 0xffff_0000_0000n | random.bits(32) : random.bits(widthOf(family));
  return { family, value: random.chance(0.1) ? random.pick([0n, 2n ** BigInt(widthOf(family)) - 1n]) : value };
}

/** Returns a prefix around a base, or the neighbour of another prefix. */
function generatePrefix(random: Random, bases: readonly Address[], others: readonly Prefix[]): Prefix {
  if (others.length > 0 && random.chance(0.3)) return neighbour(random, random.pick(others));
  const { family, value } = random.pick(bases);
  return cut(family, value, random.pick(LENGTHS[family]));
}

function neighbour(random: Random, { family, value, bits }: Prefix): Prefix {
  const width = widthOf(family);
  const size = 1n << BigInt(width - bits);
  const near = BigInt.asUintN(width, value + random.pick([-size, 0n, size, size - 1n]));
  return cut(family, near, Math.min(width, Math.max(0, bits + random.pick([-1, 0, 0, 1, 8]))));
}

function cut(family: 4 | 6, value: bigint, bits: number): Prefix {
  const rest = BigInt(widthOf(family) - bits);
  return { family, value: (value >> rest) << rest, bits };
}

export function formatPrefix({ family, value, bits }: Prefix): string {
  const bytes = addressBytes({ family, value });
  const text = formatAddress(bytes);
  // parseNetwork takes an IPv6 address only with colons.
  return `${family === 6 && !text.includes(':') ? `::ffff:${text}` : text}/${bits}`;
}

/** Returns the address as it is in a record. */
export function addressBytes({ family, value }: Address): Uint8Array {
  const whole = family === 4 ? 0xffff_0000_0000n | value : value;
  return Uint8Array.from({ length: 16 }, (_, i) => Number((whole >> BigInt(8 * (15 - i))) & 0xffn));
}

export function generatePacket(random: Random, { rules, prefixes }: GeneratedRules): Packet {
  const name = random.pick([...INTERFACE_SLOTS.keys()]);
  if (random.chance(0.02)) {
    const etherType = random.pick([0x0806, 0x88cc, 0x8100]);
    return { ...NOTHING_READ, etherType, length: ETHERNET, interface: name };
  }
  const address = generateAddress(random, prefixes);
  const etherType = address.family === 4 ? 0x0800 : 0x86dd;
  if (random.chance(0.02)) {
    return { ...NOTHING_READ, etherType, length: ETHERNET, interface: name };
  }
  const ipProtocol = random.chance(0.05) ? random.below(256) : random.pick(PACKET_PROTOCOLS);
  // No ports: a later fragment, or truncated.
  const hasPorts = WITH_PORTS.includes(ipProtocol) && random.chance(0.9);
  const destinationPort = hasPorts ? generatePort(random, rules) : undefined;
  const tcpFlags = ipProtocol === TCP && destinationPort !== undefined ? random.pick(PACKET_FLAGS) : undefined;
  const isFragment = destinationPort === undefined && address.family === 4;
  const headers = ETHERNET + (address.family === 4 ? 20 : 40) + (destinationPort === undefined ? 0 : 20);
  const length = destinationPort === undefined ? headers : Math.max(headers, random.pick(PACKET_LENGTHS));
  const destination = generateDestination(random, address.family);
  return {
    ...{ etherType, ipProtocol, source: address, destination, destinationPort },
    ...{ tcpFlags, length, isFragment, interface: name },
  };
}

function generateDestination(random: Random, family: 4 | 6): Address {
  const { value } = random.pick(DESTINATIONS.filter((each) => each.family === family));
  const near = random.chance(0.5) ? value : value ^ (1n << BigInt(random.below(widthOf(family))));
  return { family, value: near };
}

function generateAddress(random: Random, prefixes: readonly Prefix[]): Address {
  if (prefixes.length === 0 || random.chance(0.05)) {
    const family = random.pick([4, 6] as const);
    return { family, value: random.bits(widthOf(family)) };
  }
  const { family, value, bits } = random.pick(prefixes);
  const width = widthOf(family);
  const size = 1n << BigInt(width - bits);
  const edge = random.pick([0n, size - 1n, random.bits(width) % size]);
  const near = BigInt.asUintN(width, value + edge + random.pick([-1n, 0n, 0n, 0n, 1n]));
  // The same bits in the other family.
  if (random.chance(0.03))
    return family === 4 ? { family: 6, value: 0xffff_0000_0000n | near } : { family: 4, value: near & 0xffff_ffffn };
  return { family, value: near };
}

function generatePort(random: Random, rules: readonly Rule[]): number {
  const ranges = rules.map((rule) => rule.destination_port).filter((ports) => ports !== undefined);
  if (ranges.length === 0 || random.chance(0.1)) return random.below(65_536);
  const end = Number(random.pick(String(random.pick(ranges)).split('-')));
  return Math.min(65_535, Math.max(0, end + random.pick([-1, 0, 0, 1])));
}

/** Returns times just before, at and after the expiries. */
export function generateNow(random: Random): bigint {
  return BigInt(random.pick(EXPIRIES_MS)) * 1_000_000n + random.pick([-1n, 0n, 1n]);
}
