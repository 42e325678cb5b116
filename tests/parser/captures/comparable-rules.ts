/** Rule sets about the addresses and ports of some records, and what the reference evaluator says about each record. */
import { type DefaultPolicy, NetworkError, parseNetwork, type Rule } from '@packetlog/common';
import type { JsonRecord } from '../../e2e/console-output.ts';
import { type Address, type Packet, ReferenceRules } from '../../rules/reference.ts';
import type { Random } from '../mutation.ts';
import { addressDigits } from './expectation.ts';

const PORT_PROTOCOLS = [6, 17, 132, 136];
const TCP = 6;
const IPV4 = 0x0800;
const MS_PER_FRAME = 1;

export interface ComparableRules {
  readonly rules: readonly Rule[];
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly policy: DefaultPolicy;
}

export function someRules(records: readonly JsonRecord[], source: Random): ComparableRules {
  const one = <T>(values: readonly T[]): T => values[source.below(values.length)] as T;
  const network = () => {
    const { src_addr, ether_type } = one(records);
    const bits = ether_type === IPV4 ? one([8, 12, 16, 20, 24, 31, 32]) : one([16, 32, 48, 64, 96, 127, 128]);
    const text = `${src_addr}/${bits}`;
    try {
      parseNetwork(text);
      return text;
    } catch (error) {
      // The address has bits behind the prefix: the error has the network.
      return (error instanceof NetworkError ? error.fix : undefined) ?? '192.0.2.0/24';
    }
  };
  const sets = new Map([['some', Array.from({ length: 1 + source.below(30) }, network)]]);
  const rules = Array.from({ length: 3 + source.below(15) }, (_, i): Rule => {
    const port = one(records).dst_port;
    const hasPort = source.below(3) === 0;
    const until = source.below(records.length) * MS_PER_FRAME;
    const flags = source.below(8) === 0;
    const { dst_addr, length } = one(records);
    return {
      id: i + 1,
      action: one(['permit', 'deny', 'deny', 'observe'] as const),
      source: one([network(), network(), network(), 'set:some', 'any']),
      ...(!flags &&
        source.below(3) === 0 && {
          protocol: hasPort ? one(['tcp', 'udp']) : one(['tcp', 'udp', 'icmp', 'icmpv6', 47]),
        }),
      ...(hasPort && { destination_port: source.below(2) === 0 ? port : `${Math.max(0, port - 1000)}-${port}` }),
      ...(source.below(4) === 0 && { interface: one(['eth0', 'eth0', 'eth1']) }),
      ...(flags && { protocol: 'tcp', tcp_flags: one(['syn', 'ack,!psh', 'none', '!ack', 'fin']) }),
      ...(source.below(8) === 0 && { destination: dst_addr }),
      ...(source.below(8) === 0 && { length: one([length, `0-${length}`, `${length}-65535`]) }),
      ...(source.below(10) === 0 && { fragment: true }),
      ...(source.below(3) === 0 && { expires_at: new Date(until).toISOString() }),
      reason: '',
      created_by: 'test',
      created_at: '2029-12-31T00:00:00Z',
    };
  });
  return { rules, sets, policy: one(['permit', 'permit', 'deny'] as const) };
}

/** The rules as their file. */
export function rulesDocument({ rules, sets, policy }: ComparableRules): string {
  const named = Object.fromEntries([...sets].map(([name, entries]) => [name, { entries }]));
  return JSON.stringify({ version: 1, default_policy: policy, rules, sets: named });
}

/** Returns the facts that rules match; undefined if the record does not say whether ports and flags were read. */
export function packetOf(record: JsonRecord): Packet | undefined {
  const { ether_type, ip_protocol, src_port, dst_port, reason } = record;
  const hasPorts = PORT_PROTOCOLS.includes(ip_protocol) && reason !== 'fragment';
  const isUnclear = hasPorts && reason === 'truncated' && src_port === 0 && dst_port === 0;
  if (isUnclear && record.tcp_flags === 0) return undefined;
  const hasFlags = hasPorts && ip_protocol === TCP;
  if (hasFlags && reason === 'truncated' && record.tcp_flags === 0) return undefined;
  return {
    etherType: ether_type,
    ipProtocol: ip_protocol,
    source: addressOf(record, record.src_addr),
    destination: addressOf(record, record.dst_addr),
    destinationPort: hasPorts ? dst_port : undefined,
    tcpFlags: hasFlags ? record.tcp_flags : undefined,
    length: record.length,
    isFragment: reason === 'fragment',
    interface: 'eth0',
  };
}

function addressOf(record: JsonRecord, text: string): Address | undefined {
  const { src_addr, dst_addr, ether_type, ip_protocol, reason } = record;
  const digits = addressDigits(text) ?? '';
  if (ether_type === IPV4) {
    return text.includes('.') ? { family: 4, value: BigInt(`0x${digits.slice(24)}`) } : undefined;
  }
  const isUnread = src_addr === '::' && dst_addr === '::' && ip_protocol === 255 && reason !== 'none';
  return isUnread ? undefined : { family: 6, value: BigInt(`0x${digits}`) };
}

export interface Decision {
  readonly action: string;
  readonly reason: string;
  readonly rule_id: number;
}

/** Returns a function that decides about a record without rules, whose reason is the parser's. */
export function referenceDecisions({
  rules,
  sets,
  policy,
}: ComparableRules): (packet: Packet, reason: string, ns: bigint) => Decision {
  const reference = new ReferenceRules(rules, sets, policy);
  return (packet, parser, ns) => {
    const { by, action, ruleId = 0 } = reference.verdict(packet, ns);
    if (by === 'default_policy') {
      return action === 'deny'
        ? { action: 'deny', reason: 'default_policy', rule_id: 0 }
        : { action: 'permit', reason: parser, rule_id: 0 };
    }
    if (by === 'not_ip') return { action: 'permit', reason: parser, rule_id: 0 };
    if (action === 'observe') return { action: 'permit', reason: 'would_deny', rule_id: ruleId };
    return { action, reason: action === 'deny' || parser === 'none' ? 'rule' : parser, rule_id: ruleId };
  };
}
