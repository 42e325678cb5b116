/** The record of a frame that follows from what tshark says about it. */
import type { TsharkField, TsharkRow } from './tshark-row.ts';

/** Where tshark stopped: `none` if the fixed header of layer 4 is whole, or the protocol has none that PacketLog reads. */
export type End =
  | 'none'
  | 'fragment'
  | 'not_ip'
  | 'vlan_limit'
  | 'extension_limit'
  | 'ip_header'
  | 'extension'
  | 'transport';

export interface Expectation {
  vlan_id: number;
  /** As 32 hex digits, with the IPv4 prefix; undefined: not shown. */
  src: string | undefined;
  dst: string | undefined;
  ip_protocol: number;
  src_port: number;
  dst_port: number;
  tcp_flags: number;
  end: End;
  /** tshark reports that the frame, or a header, ends too early, or is impossible. */
  isFaulty: boolean;
  /** `frame.protocols` without the link layer and payload: "ip", "tcp". */
  layers: string[];
}

const TAGS = new Set(['vlan', 'ieee8021ad']);
const LINK = new Set(['eth', 'raw', 'ethertype', 'pppoes', 'ppp']);
const VLAN_TAG_LIMIT = 4;
const EXTENSION_LIMIT = 8;
const PRIORITY_TAG = 4096;
const NO_PROTOCOL = 255;
const NO_NEXT_HEADER = 59;

/** IPv6 extension headers as tshark names them: their number, and the field with that of the next. */
export const EXTENSIONS: Readonly<Record<string, { number: number; next: TsharkField; mayEnd?: true }>> = {
  'ipv6.hopopts': { number: 0, next: 'ipv6.hopopts.nxt' },
  'ipv6.routing': { number: 43, next: 'ipv6.routing.nxt' },
  'ipv6.fraghdr': { number: 44, next: 'ipv6.fraghdr.nxt' },
  ah: { number: 51, next: 'ah.next_header' },
  'ipv6.dstopts': { number: 60, next: 'ipv6.dstopts.nxt' },
  mipv6: { number: 135, next: 'mip6.proto', mayEnd: true },
  hip: { number: 139, next: 'hip.proto', mayEnd: true },
  shim6: { number: 140, next: 'shim6.nxt', mayEnd: true },
};
const EXTENSION_NUMBERS = new Set(Object.values(EXTENSIONS).map(({ number }) => number));

const TRANSPORTS: Readonly<Record<number, 'icmp' | 'icmpv6' | 'tcp' | 'udp' | 'udplite' | 'sctp'>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

export function expectationOf(row: TsharkRow): Expectation {
  const protocols = (row.text('frame.protocols') ?? '').split(':');
  const isFaulty = row.text('_ws.short') !== undefined || row.text('_ws.malformed') !== undefined;
  const found: Expectation = {
    vlan_id: 0,
    src: undefined,
    dst: undefined,
    ip_protocol: NO_PROTOCOL,
    src_port: 0,
    dst_port: 0,
    tcp_flags: 0,
    end: 'not_ip',
    isFaulty,
    layers: [],
  };
  const network = protocols.findIndex((name) => !LINK.has(name) && !TAGS.has(name));
  const link = network < 0 ? protocols : protocols.slice(0, network);
  const tags = link.filter((name) => TAGS.has(name));
  if (tags.length > 0) found.vlan_id = vlanOf(row, tags[0] as string);
  found.layers = network < 0 ? [] : protocols.slice(network).filter((name) => name !== 'data');
  if (tagsOf(row) > VLAN_TAG_LIMIT) return { ...found, end: 'vlan_limit' };
  const [first] = found.layers;
  if (first === 'ip') readIpv4(row, found);
  if (first === 'ipv6') readIpv6(row, found);
  return found;
}

/** tshark may show two tags as one layer. */
function tagsOf(row: TsharkRow): number {
  const fields = ['vlan.id', 'ieee8021ad.id', 'ieee8021ad.svid', 'ieee8021ad.cvid'] as const;
  return fields.reduce((sum, field) => sum + row.all(field).length, 0);
}

function vlanOf(row: TsharkRow, outer: string): number {
  const id = outer === 'vlan' ? row.number('vlan.id') : (row.number('ieee8021ad.svid') ?? row.number('ieee8021ad.id'));
  return id === undefined ? 0 : id || PRIORITY_TAG;
}

function readIpv4(row: TsharkRow, found: Expectation): void {
  found.end = 'ip_header';
  if (row.text('ip.dst') === undefined) return;
  readAddresses(row, 'ip', found);
  // With a source route (RFC 791, 3.1), tshark's ip.dst is the last address of the route.
  found.dst = addressDigits(row.text('ip.cur_rt')) ?? found.dst;
  found.ip_protocol = row.number('ip.proto') ?? NO_PROTOCOL;
  if ((row.number('ip.frag_offset') ?? 0) > 0) found.end = 'fragment';
  else readTransport(row, found, 1);
}

function readIpv6(row: TsharkRow, found: Expectation): void {
  found.end = 'ip_header';
  if (row.text('ipv6.dst') === undefined) return;
  readAddresses(row, 'ipv6', found);
  found.ip_protocol = row.number('ipv6.nxt') ?? NO_PROTOCOL;
  const counts = new Map<string, number>();
  for (let at = 1; ; at++) {
    const layer = found.layers[at] ?? '';
    const kind = EXTENSIONS[layer];
    if (kind === undefined || kind.number !== found.ip_protocol) {
      if (EXTENSION_NUMBERS.has(found.ip_protocol)) found.end = 'extension';
      else readTransport(row, found, at);
      return;
    }
    if (at > EXTENSION_LIMIT) {
      found.end = 'extension_limit';
      return;
    }
    const count = counts.get(layer) ?? 0;
    counts.set(layer, count + 1);
    const next = row.number(kind.next, count);
    found.end = 'extension';
    if (next === undefined) return;
    if (next === NO_NEXT_HEADER && kind.mayEnd) {
      found.end = 'none';
      return;
    }
    found.ip_protocol = next;
    if (layer === 'ipv6.fraghdr' && (row.number('ipv6.fraghdr.offset', count) ?? 0) > 0) {
      found.end = 'fragment';
      return;
    }
  }
}

function readAddresses(row: TsharkRow, layer: 'ip' | 'ipv6', found: Expectation): void {
  found.src = addressDigits(row.text(`${layer}.src`));
  found.dst = addressDigits(row.text(`${layer}.dst`));
}

function readTransport(row: TsharkRow, found: Expectation, at: number): void {
  const layer = TRANSPORTS[found.ip_protocol];
  found.end = layer === undefined ? 'none' : 'transport';
  // tshark shows some ICMPv6 messages, such as type 1 with an unknown code, without naming the layer.
  const isUnnamed = layer === 'icmpv6' && found.layers[at] === undefined;
  if (layer === undefined || (found.layers[at] !== layer && !isUnnamed)) return;
  if (layer === 'icmp' || layer === 'icmpv6') readIcmp(row, found, layer);
  else readPorts(row, found, layer);
}

function readIcmp(row: TsharkRow, found: Expectation, layer: 'icmp' | 'icmpv6'): void {
  const [type, code] = [row.number(`${layer}.type`), row.number(`${layer}.code`)];
  if (type !== undefined && code !== undefined) found.dst_port = type * 256 + code;
  if (row.text(`${layer}.checksum`) !== undefined) found.end = 'none';
}

/** The last field of the fixed header that tshark shows. */
const LAST_FIELD = {
  tcp: 'tcp.urgent_pointer',
  udp: 'udp.checksum',
  udplite: 'udp.checksum',
  sctp: 'sctp.checksum',
} as const;

function readPorts(row: TsharkRow, found: Expectation, layer: keyof typeof LAST_FIELD): void {
  const name = layer === 'udplite' ? 'udp' : layer;
  found.src_port = row.number(`${name}.srcport`) ?? 0;
  found.dst_port = row.number(`${name}.dstport`) ?? 0;
  // tshark shows 12 bits; the record has the eight of RFC 9293 and 3168.
  if (layer === 'tcp') found.tcp_flags = (row.number('tcp.flags') ?? 0) & 0xff;
  const coverage = layer === 'udplite' ? (row.number('udp.checksum_coverage') ?? 0) : 0;
  if (row.text(LAST_FIELD[layer]) !== undefined && (coverage === 0 || coverage >= 8)) found.end = 'none';
}

const digits = new Map<string, string>();

/** Returns an address as 32 hex digits, IPv4 with the prefix ::ffff. */
export function addressDigits(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let known = digits.get(text);
  if (known === undefined) {
    known = parseAddress(text);
    if (digits.size > 1_000_000) digits.clear();
    digits.set(text, known);
  }
  return known;
}

function parseAddress(text: string): string {
  const quad = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const tail =
    quad === null
      ? ''
      : quad
          .slice(1)
          .map((part) => Number(part).toString(16).padStart(2, '0'))
          .join('');
  if (quad?.index === 0) return `${'0'.repeat(20)}ffff${tail}`;
  const plain = quad === null ? text : `${text.slice(0, quad.index)}${tail.slice(0, 4)}:${tail.slice(4)}`;
  const [head = '', rest] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => group.padStart(4, '0')));
  const [before, after] = [groups(head), groups(rest ?? '')];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0000'), ...after].join('');
}
