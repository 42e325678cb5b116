/** The words of the filter language and their meanings, shared by parser, completion and documentation. */
import { ACTIONS, REASONS } from '../record/layout.ts';
import type { Comparison, NumberField } from './filter.ts';

interface ProtocolWord {
  readonly field: 'ether_type' | 'ip_protocol';
  readonly value: number;
  readonly detail: string;
  /** What may follow the word, as in `tcp dst port 443`. */
  readonly has: { readonly addresses: boolean; readonly ports: boolean; readonly protocols: boolean };
}

const FRAME = { addresses: false, ports: false, protocols: false };
const FAMILY = { addresses: true, ports: true, protocols: true };
const WITH_PORTS = { addresses: true, ports: true, protocols: false };
const WITHOUT_PORTS = { addresses: true, ports: false, protocols: false };

/** Words that alone describe a packet. */
export const PROTOCOL_WORDS: ReadonlyMap<string, ProtocolWord> = new Map<string, ProtocolWord>([
  ['tcp', { field: 'ip_protocol', value: 6, detail: 'TCP', has: WITH_PORTS }],
  ['udp', { field: 'ip_protocol', value: 17, detail: 'UDP', has: WITH_PORTS }],
  ['icmp', { field: 'ip_protocol', value: 1, detail: 'ICMP of IPv4', has: WITHOUT_PORTS }],
  ['icmp6', { field: 'ip_protocol', value: 58, detail: 'ICMPv6', has: WITHOUT_PORTS }],
  ['ip', { field: 'ether_type', value: 0x0800, detail: 'IPv4', has: FAMILY }],
  ['ip6', { field: 'ether_type', value: 0x86dd, detail: 'IPv6', has: FAMILY }],
  ['arp', { field: 'ether_type', value: 0x0806, detail: 'ARP', has: FRAME }],
  ['sctp', { field: 'ip_protocol', value: 132, detail: 'SCTP', has: WITH_PORTS }],
  ['udplite', { field: 'ip_protocol', value: 136, detail: 'UDP-Lite', has: WITH_PORTS }],
  ['igmp', { field: 'ip_protocol', value: 2, detail: 'IGMP', has: WITHOUT_PORTS }],
  ['gre', { field: 'ip_protocol', value: 47, detail: 'GRE tunnels', has: WITHOUT_PORTS }],
  ['esp', { field: 'ip_protocol', value: 50, detail: 'IPsec, encrypted', has: WITHOUT_PORTS }],
  ['ah', { field: 'ip_protocol', value: 51, detail: 'IPsec, authenticated', has: WITHOUT_PORTS }],
  ['pim', { field: 'ip_protocol', value: 103, detail: 'PIM', has: WITHOUT_PORTS }],
  ['vrrp', { field: 'ip_protocol', value: 112, detail: 'VRRP', has: WITHOUT_PORTS }],
  ['lldp', { field: 'ether_type', value: 0x88cc, detail: 'LLDP', has: FRAME }],
  ['rarp', { field: 'ether_type', value: 0x8035, detail: 'RARP', has: FRAME }],
]);

export const SIDE_WORDS: ReadonlyMap<string, string> = new Map([
  ['src', 'where it comes from'],
  ['dst', 'where it goes to'],
]);

export const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['host', 'an address'],
  ['net', 'a network, as 192.0.2.0/24'],
  ['port', 'a port, as 443 or https'],
  ['portrange', 'ports, as 1-1024'],
]);

/** Verdicts. */
export const VERDICT_WORDS: ReadonlyMap<string, { field: NumberField; value: number; detail: string }> = new Map([
  ['deny', { field: 'action' as const, value: ACTIONS.deny, detail: 'denied packets' }],
  ['permit', { field: 'action' as const, value: ACTIONS.permit, detail: 'permitted packets' }],
  ['aborted', { field: 'action' as const, value: ACTIONS.aborted, detail: 'packets the program failed on' }],
  ['would_deny', { field: 'reason' as const, value: REASONS.would_deny, detail: 'an observe rule matched' }],
  [
    'would_limit',
    { field: 'reason' as const, value: REASONS.would_limit, detail: 'over a limit that is not enforced' },
  ],
]);

/** Fields that are compared with a number. */
export const NUMBER_WORDS: ReadonlyMap<
  string,
  {
    readonly field: NumberField;
    readonly max: number;
    readonly detail: string;
    /** How the word alone compares the field with 0; absent where it needs a number. */
    readonly alone?: Comparison;
  }
> = new Map([
  ['len', { field: 'length', max: 0xffff, detail: 'bytes of the frame, as len > 1000' }],
  ['rule', { field: 'rule_id', max: 0xffff_ffff, detail: 'the rule that decided, as rule 12; alone: any', alone: '>' }],
  ['vlan', { field: 'vlan_id', max: 4095, detail: 'outer VLAN tag, as vlan 10; alone: any', alone: '>=' }],
  ['weight', { field: 'weight', max: 0xffff, detail: 'packets a record stands for, as weight > 1' }],
]);

/** Words of tcpdump that compare the length without a sign. */
export const LENGTH_WORDS: ReadonlyMap<string, { comparison: '<=' | '>='; detail: string }> = new Map([
  ['less', { comparison: '<=', detail: 'at most this many bytes' }],
  ['greater', { comparison: '>=', detail: 'at least this many bytes' }],
]);

/** Words that a name or a list must follow. */
export const NAME_WORDS: ReadonlyMap<string, string> = new Map([
  ['action', 'deny, permit or aborted'],
  ['reason', 'why, as reason malformed'],
  ['iface', 'the interface it arrived on'],
  ['flags', 'TCP flags, as flags syn; flags = syn: no other'],
  ['proto', 'IP protocol, as proto gre or proto 47'],
  ['ether', 'with proto: EtherType, as ether proto 0x88cc'],
]);

export const FLAG_WORDS: ReadonlyMap<string, number> = new Map([
  ['fin', 0x01],
  ['syn', 0x02],
  ['rst', 0x04],
  ['psh', 0x08],
  ['ack', 0x10],
  ['urg', 0x20],
  ['ece', 0x40],
  ['cwr', 0x80],
]);

export const ETHER_TYPE_WORDS: ReadonlyMap<string, number> = new Map([
  ['ip', 0x0800],
  ['arp', 0x0806],
  ['ip6', 0x86dd],
  ['rarp', 0x8035],
  ['mpls', 0x8847],
  ['pppoe', 0x8864],
  ['eapol', 0x888e],
  ['lldp', 0x88cc],
  ['macsec', 0x88e5],
  ['ptp', 0x88f7],
]);

/** Other spellings, by the standard one. */
export const SAME_WORD: ReadonlyMap<string, string> = new Map([
  ['icmpv6', 'icmp6'],
  ['length', 'len'],
  ['interface', 'iface'],
  ['ifname', 'iface'],
  ['would-deny', 'would_deny'],
  ['would-limit', 'would_limit'],
  ['pass', 'permit'],
  ['drop', 'deny'],
  ['push', 'psh'],
]);

/** Words of tcpdump that match nothing in a record. */
export const NOT_RECORDED: ReadonlyMap<string, string> = new Map([
  ['inbound', 'only arriving packets are seen, so leave it out'],
  ['outbound', 'only arriving packets are seen, so there are none'],
  ['gateway', 'MAC addresses are not recorded; use host or net'],
  ['broadcast', 'MAC addresses are not recorded; write dst 255.255.255.255'],
  ['multicast', 'MAC addresses are not recorded; write dst net 224.0.0.0/4 or dst net ff00::/8'],
  ['stp', 'frames of IEEE 802.3 have a length in place of a type; write ether proto <= 1500'],
  ['mask', 'a network is written with its prefix, as net 192.0.2.0/24'],
  ['mpls', 'labels are not recorded; write ether proto 0x8847'],
  ['pppoes', 'sessions are not recorded; write ether proto 0x8864'],
]);

/** Every word that can begin a term. */
export const TERM_WORDS: readonly string[] = [
  ...[PROTOCOL_WORDS, SIDE_WORDS, TYPE_WORDS, VERDICT_WORDS, NUMBER_WORDS, LENGTH_WORDS, NAME_WORDS].flatMap(
    (words) => [...words.keys()],
  ),
  'all',
];
