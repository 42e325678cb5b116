/** Names for the numbers of a record. */
import { ACTIONS, type Action, IP_PROTOCOL_NONE, REASONS, type Reason, VLAN_PRIORITY_TAG } from './layout.ts';

function byCode<Name extends string>(codes: Readonly<Record<Name, number>>): readonly Name[] {
  const names: Name[] = [];
  for (const name of Object.keys(codes) as Name[]) names[codes[name]] = name;
  return names;
}

const ACTION_NAMES = byCode<Action>(ACTIONS);
const REASON_NAMES = byCode<Reason>(REASONS);

export function actionName(code: number): Action | 'unknown' {
  return ACTION_NAMES[code] ?? 'unknown';
}

export function reasonName(code: number): Reason | 'unknown' {
  return REASON_NAMES[code] ?? 'unknown';
}

/** Keywords of IANA's registry "Assigned Internet Protocol Numbers"; 4 is `IPIP`, as in most tools. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, 'HOPOPT'],
  [1, 'ICMP'],
  [2, 'IGMP'],
  [4, 'IPIP'],
  [6, 'TCP'],
  [8, 'EGP'],
  [9, 'IGP'],
  [17, 'UDP'],
  [27, 'RDP'],
  [33, 'DCCP'],
  [41, 'IPv6'],
  [43, 'IPv6-Route'],
  [44, 'IPv6-Frag'],
  [46, 'RSVP'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'IPv6-ICMP'],
  [59, 'IPv6-NoNxt'],
  [60, 'IPv6-Opts'],
  [88, 'EIGRP'],
  [89, 'OSPF'],
  [94, 'IPIP'],
  [97, 'ETHERIP'],
  [98, 'ENCAP'],
  [103, 'PIM'],
  [108, 'IPComp'],
  [112, 'VRRP'],
  [115, 'L2TP'],
  [124, 'IS-IS'],
  [132, 'SCTP'],
  [133, 'FC'],
  [135, 'Mobility'],
  [136, 'UDPLite'],
  [137, 'MPLS-in-IP'],
  [138, 'manet'],
  [139, 'HIP'],
  [140, 'Shim6'],
  [141, 'WESP'],
  [142, 'ROHC'],
  [143, 'Ethernet'],
  [IP_PROTOCOL_NONE, '-'],
]);

export function protocolName(ip_protocol: number): string {
  return PROTOCOLS.get(ip_protocol) ?? `proto ${ip_protocol}`;
}

const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 132, 136]);

/** Returns whether `src_port` and `dst_port` of a record are ports: TCP, UDP, SCTP, UDP-Lite. */
export function hasPorts(ip_protocol: number): boolean {
  return PORT_PROTOCOLS.has(ip_protocol);
}

/** Formats the field `vlan_id`: `100`, `priority tag (VLAN id 0)`, `none`. */
export function vlanName(vlan_id: number): string {
  if (vlan_id === 0) return 'none';
  return vlan_id === VLAN_PRIORITY_TAG ? 'priority tag (VLAN id 0)' : String(vlan_id);
}

export const ETHER_TYPE_IPV4 = 0x0800;
export const ETHER_TYPE_IPV6 = 0x86dd;

const ETHER_TYPES: ReadonlyMap<number, string> = new Map([
  [ETHER_TYPE_IPV4, 'IPv4'],
  [0x0806, 'ARP'],
  [0x0842, 'Wake-on-LAN'],
  [0x22f3, 'TRILL'],
  [0x6558, 'TEB'],
  [0x8035, 'RARP'],
  [0x809b, 'AppleTalk'],
  [0x8100, '802.1Q'],
  [0x8137, 'IPX'],
  [ETHER_TYPE_IPV6, 'IPv6'],
  [0x8808, 'Flow control'],
  [0x8809, 'Slow protocols'],
  [0x8847, 'MPLS'],
  [0x8848, 'MPLS multicast'],
  [0x8863, 'PPPoE discovery'],
  [0x8864, 'PPPoE'],
  [0x888e, 'EAPOL'],
  [0x8892, 'PROFINET'],
  [0x88a2, 'AoE'],
  [0x88a4, 'EtherCAT'],
  [0x88a8, '802.1ad'],
  [0x88cc, 'LLDP'],
  [0x88e5, 'MACsec'],
  [0x88e7, '802.1ah'],
  [0x88f7, 'PTP'],
  [0x8902, 'CFM'],
  [0x8906, 'FCoE'],
  [0x8914, 'FIP'],
  [0x8915, 'RoCE'],
  [0x9000, 'Loopback'],
  [0x9100, 'QinQ'],
]);

/** Up to 1500 the field is a length (IEEE 802.3, used by spanning tree), not a type. */
const MAX_802_3_LENGTH = 1500;

export function etherTypeName(ether_type: number): string {
  const name = ETHER_TYPES.get(ether_type);
  if (name !== undefined) return name;
  return ether_type <= MAX_802_3_LENGTH ? '802.3' : `0x${ether_type.toString(16).padStart(4, '0')}`;
}
