/** What tshark says about a frame, in the terms of a record. */

/** Fields that tshark prints for each frame, in this order; a field may occur several times. */
export const TSHARK_FIELDS = [
  'frame.protocols',
  'vlan.id',
  'ieee8021ad.id',
  'ieee8021ad.svid',
  'ieee8021ad.cvid',
  'pppoe.payload_length',
  'ip.src',
  'ip.dst',
  'ip.cur_rt',
  'ip.hdr_len',
  'ip.proto',
  'ip.frag_offset',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.plen',
  'ipv6.nxt',
  'ipv6.hopopts.nxt',
  'ipv6.routing.nxt',
  'ipv6.fraghdr.nxt',
  'ipv6.fraghdr.offset',
  'ipv6.dstopts.nxt',
  'ah.next_header',
  'mip6.proto',
  'hip.proto',
  'shim6.nxt',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.flags',
  'tcp.hdr_len',
  'tcp.urgent_pointer',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'udp.checksum',
  'udp.checksum_coverage',
  'sctp.srcport',
  'sctp.dstport',
  'sctp.checksum',
  'icmp.type',
  'icmp.code',
  'icmp.checksum',
  'icmpv6.type',
  'icmpv6.code',
  'icmpv6.checksum',
  '_ws.short',
  '_ws.malformed',
] as const;

export type TsharkField = (typeof TSHARK_FIELDS)[number];

/** The fields of one line. An occurrence of a field that is missing is undefined. */
export class TsharkRow {
  readonly #values: readonly string[];

  constructor(line: string) {
    this.#values = line.split('\t');
  }

  all(field: TsharkField): string[] {
    const text = this.#values[TSHARK_FIELDS.indexOf(field)] ?? '';
    return text === '' ? [] : text.split(',');
  }

  text(field: TsharkField, occurrence = 0): string | undefined {
    return this.all(field)[occurrence];
  }

  number(field: TsharkField, occurrence = 0): number | undefined {
    const text = this.text(field, occurrence);
    return text === undefined ? undefined : Number(text);
  }
}
