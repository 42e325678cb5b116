import {
  formatIpProtocol,
  formatNetwork,
  hasPorts,
  type PacketLogView,
  parseAddress,
  type Rule,
  type RuleDraft,
} from '@packetlog/common';
import type { PacketRow } from '../../../text/row-text.ts';

/** The parts of a packet that a rule can match. */
export interface PacketSource {
  readonly addr: string;
  /** Its network: /24 for IPv4, /64 for IPv6, usually one customer. */
  readonly network: string;
  /** Destination service; null without a port, or if it was not read. */
  readonly service: { readonly protocol: number | string; readonly port: number } | null;
  readonly protocol: number | string;
  /** The rule that decided this packet, 0 = none. */
  readonly ruleId: number;
}

/** Returns the parts that a rule can match; null for a frame without addresses, which no rule matches. */
export function packetSource(view: PacketLogView, i: number, row: PacketRow): PacketSource | null {
  if (!view.addressesRead(i)) return null;
  const addr = view.srcAddr(i);
  const protocol = formatIpProtocol(view.ipProtocol(i));
  const portRead = hasPorts(view.ipProtocol(i)) && row.dst.port !== '';
  return {
    addr,
    network: networkOf(addr),
    service: portRead ? { protocol, port: view.dstPort(i) } : null,
    protocol,
    ruleId: view.ruleId(i),
  };
}

/** Returns the network of an address: 203.0.113.7 -> 203.0.113.0/24, 2001:db8::7 -> 2001:db8::/64. */
export function networkOf(addr: string): string {
  const family = addr.includes(':') ? 6 : 4;
  const bits = family === 4 ? 96 + 24 : 64;
  const bytes = parseAddress(addr).map((byte, i) => (i < bits / 8 ? byte : 0));
  return formatNetwork({ family, bytes, bits });
}

/** Describes how an existing rule affects a new one for the same packet; '' if it does not. */
export function conflictSentence(packet: PacketSource, rules: readonly Pick<Rule, 'id' | 'action'>[]): string {
  const rule = rules.find(({ id }) => id === packet.ruleId);
  if (rule?.action === 'permit') {
    return `Rule ${rule.id} permits this packet and permit wins: change or remove rule ${rule.id}, otherwise this rule has no effect.`;
  }
  return rule?.action === 'deny' ? `Rule ${rule.id} already denies this packet.` : '';
}

export interface DenyChoice {
  readonly source: 'address' | 'network';
  readonly destination: 'everything' | 'service';
  readonly action: 'deny' | 'observe';
  /** Duration as in the form: '1h', '' for no expiry. */
  readonly lasts: string;
  readonly reason: string;
}

export function denyDraft(packet: PacketSource, choice: DenyChoice): RuleDraft {
  const { service } = packet;
  return {
    action: choice.action,
    source: choice.source === 'address' ? packet.addr : packet.network,
    reason: choice.reason.trim(),
    ...(choice.destination === 'service' &&
      service !== null && { protocol: service.protocol, destination_port: service.port }),
    ...(choice.lasts !== '' && { for: choice.lasts }),
  };
}
