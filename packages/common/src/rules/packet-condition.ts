/**
 * Conditions of a rule that the program compares with each packet: TCP flags, destination, length of the frame, later
 * fragments. Rules without them are found by source, protocol, port and interface alone.
 */
import { formatNetworkProblem, type Network, readNetwork, unmapped } from '../address/network.ts';
import { flagConditionText } from './flag-condition.ts';
import { parseIpProtocol } from './ip-protocol.ts';
import { MAX_RANGE, type NumberRange, parseNumberRange } from './number-range.ts';
import { RuleValueError } from './rule-value-error.ts';
import { formatRuleSource } from './source.ts';

/** The fields, as canonical text. Absent: any. */
export interface PacketCondition {
  readonly tcp_flags?: string | undefined;
  readonly destination?: string | undefined;
  readonly length?: number | string | undefined;
  readonly fragment?: true | undefined;
}

export const PACKET_CONDITION_FIELDS = ['tcp_flags', 'destination', 'length', 'fragment'] as const;

const TCP = 6;

/** Returns the conditions of a rule, absent ones left out. */
export function packetCondition(rule: PacketCondition): PacketCondition {
  return Object.fromEntries(
    PACKET_CONDITION_FIELDS.flatMap((field) => (rule[field] === undefined ? [] : [[field, rule[field]]])),
  );
}

export function hasPacketCondition(rule: PacketCondition): boolean {
  return PACKET_CONDITION_FIELDS.some((field) => rule[field] !== undefined);
}

/**
 * Parses `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/32`; `::ffff:192.0.2.1` is read as `192.0.2.1`.
 * @throws RuleValueError for anything else, and for bits set after the prefix.
 */
export function parseDestination(text: string): Network {
  const read = readNetwork(text);
  if (!('problem' in read)) return unmapped(read);
  const unknown = /[.:]/.test(text) ? undefined : 'is not a destination: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::1';
  throw new RuleValueError(text, unknown ?? formatNetworkProblem(read));
}

/** Returns the same text for the same network; a single address without its prefix length. */
export function formatDestination(network: Network): string {
  return formatRuleSource({ kind: 'network', network });
}

/**
 * Parses the length of a frame in bytes, with its Ethernet header: `60`, or `"1400-65535"`. Longer frames count as 65,535.
 * @throws RuleValueError for anything else.
 */
export function parseLengthRange(value: number | string): NumberRange {
  return parseNumberRange(value, 'a length in bytes');
}

export interface ConditionProblem {
  readonly field: (typeof PACKET_CONDITION_FIELDS)[number];
  readonly message: string;
}

type Checked = PacketCondition & {
  readonly protocol?: string | number | undefined;
  readonly measure?: string | undefined;
};

/** Returns why the conditions of a rule do not fit to the rest of it; undefined if they do. */
export function conditionProblem(rule: Checked): ConditionProblem | undefined {
  const { tcp_flags, protocol, measure } = rule;
  if (tcp_flags !== undefined && (protocol === undefined || parseIpProtocol(protocol) !== TCP))
    return { field: 'tcp_flags', message: 'Only TCP has flags: write the protocol tcp.' };
  if (measure !== 'connections') return undefined;
  // The packets of a connection differ in these; all have the same destination.
  const field = (['tcp_flags', 'length', 'fragment'] as const).find((each) => rule[each] !== undefined);
  return field && { field, message: 'A limit of connections measures no single packets: leave this out.' };
}

/** Returns `, to 192.0.2.2, SYN and not ACK, frames of 60 bytes`; empty without conditions. */
export function packetConditionText(rule: PacketCondition): string {
  const to = rule.destination === undefined ? '' : `, to ${rule.destination}`;
  const flags = rule.tcp_flags === undefined ? '' : `, ${flagConditionText(rule.tcp_flags)}`;
  return `${to}${flags}${frameText(rule)}`;
}

/** Returns `, frames of 1400 to 1500 bytes, later fragments only`; empty without these conditions. */
export function frameText({ length, fragment }: PacketCondition): string {
  const parts = [
    ...(length === undefined ? [] : [lengthText(length)]),
    ...(fragment === undefined ? [] : ['later fragments only']),
  ];
  return parts.map((part) => `, ${part}`).join('');
}

function lengthText(value: number | string): string {
  const { from, to } = parseLengthRange(value);
  if (to === MAX_RANGE) return `frames of ${from} bytes or more`;
  if (from === 0) return `frames of at most ${to} bytes`;
  return from === to ? `frames of ${from} bytes` : `frames of ${from} to ${to} bytes`;
}
