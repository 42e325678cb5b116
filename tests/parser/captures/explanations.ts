/**
 * Where tshark and PacketLog show the same frame differently on purpose. Each rule says which frames it is about and
 * which fields may differ; a frame that a rule explains must agree with the reference parser in every field.
 */
import { EXTENSIONS, type Expectation } from './expectation.ts';
import type { TsharkRow } from './tshark-row.ts';

export type Field = 'vlan_id' | 'src' | 'dst' | 'ip_protocol' | 'src_port' | 'dst_port' | 'tcp_flags' | 'reason';

export interface Found {
  readonly ip_protocol: number;
  readonly ether_type: number;
  readonly reason: string;
}

export interface Explanation {
  readonly name: string;
  readonly rfc: string;
  readonly why: string;
  /** Fields that may differ. */
  readonly fields: readonly Field[];
  readonly isAbout: (expected: Expectation, found: Found, row: TsharkRow) => boolean;
}

const LAYER4: readonly Field[] = ['ip_protocol', 'src_port', 'dst_port', 'tcp_flags', 'reason'];
const isCut = ({ reason }: Found) => reason === 'truncated' || reason === 'malformed';
const last = ({ layers }: Expectation) => layers.at(-1) ?? '';

/** tshark has gone no further than the IP header and extension headers. */
const isOnlyIp = (expected: Expectation) => expected.layers.length === 1 || EXTENSIONS[last(expected)] !== undefined;

const hasIpv4Options = ({ layers }: Expectation, row: TsharkRow) =>
  layers.join() === 'ip' && (row.number('ip.hdr_len') ?? 0) > 20;

export const EXPLANATIONS: readonly Explanation[] = [
  {
    name: 'transport-header',
    rfc: 'RFC 9293, 3.1; RFC 9260, 3.1',
    why: 'tshark shows no flags if the TCP header is incomplete or its data offset is below 5, and no ports of an incomplete SCTP header; a record has what is there',
    fields: ['src_port', 'dst_port', 'tcp_flags'],
    isAbout: ({ ip_protocol, end }, found) => [6, 132].includes(ip_protocol) && end === 'transport' && isCut(found),
  },
  {
    name: 'icmp-header',
    rfc: 'RFC 792',
    why: 'a record has type and code if both bytes are there, and is truncated below 8 bytes',
    fields: ['dst_port', 'reason'],
    isAbout: ({ ip_protocol }, { reason }) => ip_protocol === 1 && reason === 'truncated',
  },
  {
    name: 'length-zero',
    rfc: 'RFC 2675, 3 and 4; RFC 8200, 3',
    why: 'a UDP length of 0, or an IPv6 payload length of 0 with hop-by-hop options: Linux delivers such a frame to its end, for jumbograms and offloads; tshark stops',
    fields: LAYER4,
    isAbout: ({ ip_protocol, layers }, { reason }, row) =>
      ([17, 136].includes(ip_protocol) && reason === 'none' && row.number('udp.length') === 0) ||
      (layers[1] === 'ipv6.hopopts' && row.number('ipv6.plen') === 0),
  },
  {
    name: 'incomplete-header',
    rfc: 'IEEE 802.1Q, 9.3; RFC 791, 3.1; RFC 8200, 4',
    why: 'a VLAN tag, IPv4 options or an extension header that ends too early: tshark shows the fields before the end of the frame, a record those of the headers before it',
    fields: ['vlan_id', 'src', 'dst', ...LAYER4],
    isAbout: (expected, found) =>
      expected.end === 'not_ip'
        ? expected.isFaulty && (found.reason === 'truncated' || found.reason === 'vlan_limit')
        : isCut(found) && isOnlyIp(expected),
  },
  {
    name: 'pppoe-length',
    rfc: 'RFC 2516, 4',
    why: 'a PPPoE length that ends before the packet in it: Linux drops such a frame behind XDP, tshark stops there, a record has what is in the frame',
    fields: ['src', 'dst', ...LAYER4],
    isAbout: ({ isFaulty }, _, row) => isFaulty && row.text('pppoe.payload_length') !== undefined,
  },
  {
    name: 'behind-mobility',
    rfc: 'RFC 6275, 6.1.1; RFC 7401, 5.1; RFC 5533, 5.3',
    why: 'headers behind Mobility, HIP and Shim6 are read, although these should be the last; tshark stops',
    fields: LAYER4,
    isAbout: (expected) => EXTENSIONS[last(expected)]?.mayEnd === true,
  },
  {
    name: 'ip-version',
    rfc: 'RFC 791, 3.1; RFC 8200, 3',
    why: 'the version in the header is not that of the EtherType: malformed in a record; no IP, or IPv6, for tshark',
    fields: ['src', 'dst', ...LAYER4],
    isAbout: ({ end, layers }, { reason, ether_type }) =>
      reason === 'malformed' &&
      (ether_type === 0x86dd ? end === 'not_ip' : ether_type === 0x0800 && layers[0] === 'ip' && layers[1] === 'ipv6'),
  },
  {
    name: 'option-content',
    rfc: 'RFC 791, 3.1; RFC 8200, 4.2',
    why: 'IPv4 options and IPv6 extension headers are skipped by their length; tshark reads their contents and stops where these are wrong',
    fields: LAYER4,
    isAbout: (expected, _, row) =>
      (expected.end === 'extension' || expected.end === 'transport') &&
      (EXTENSIONS[last(expected)] !== undefined || (expected.isFaulty && hasIpv4Options(expected, row))),
  },
];
