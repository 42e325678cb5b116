/** Filters that PacketLog and tcpdump read alike, and the frames for which they must decide alike. */
import type { JsonRecord } from '../../e2e/console-output.ts';
import type { Random } from '../mutation.ts';
import type { RealFrame } from './read-frames.ts';

const ARP = [0x0806, 0x8035];
const IPV6 = 0x86dd;
const UDPLITE = 136;
const IPV6_NEXT_HEADER = 20;

/**
 * Returns whether both programs promise the same decision. docs/filter.md has the differences: tags and IPv6 extension
 * headers are looked through, ARP has no addresses, incomplete headers are not read, and UDP-Lite has ports.
 */
export function isComparable({ bytes, link }: RealFrame, record: JsonRecord): boolean {
  if (link !== 'ethernet' || record.vlan_id !== 0 || ARP.includes(record.ether_type)) return false;
  if (!['none', 'not_ip', 'fragment'].includes(record.reason) || record.ip_protocol === UDPLITE) return false;
  if (record.reason !== 'not_ip' && bytes.readUInt16BE(12) !== record.ether_type) return false;
  return record.ether_type !== IPV6 || bytes[IPV6_NEXT_HEADER] === record.ip_protocol;
}

/** Returns a filter of one to three terms, whose values are those of some records. */
export function someFilter(records: readonly JsonRecord[], source: Random): string {
  const record = () => records[source.below(records.length)] as JsonRecord;
  const term = (): string => {
    const { src_addr, dst_addr, src_port, dst_port, length } = record();
    const host = src_addr === '::' ? '192.0.2.1' : src_addr;
    const network = (address: string) =>
      `net ${address.includes(':') ? `${address}/128` : `${address.split('.').slice(0, 2).join('.')}.0.0/16`}`;
    const terms = [
      'tcp',
      'udp',
      'ip',
      'ip6',
      'icmp',
      `host ${host}`,
      `src host ${host}`,
      `dst host ${dst_addr === '::' ? '192.0.2.1' : dst_addr}`,
      network(host),
      `port ${dst_port}`,
      `src port ${src_port}`,
      `tcp dst port ${dst_port}`,
      `udp port ${src_port}`,
      `portrange ${Math.min(src_port, dst_port)}-${Math.max(src_port, dst_port)}`,
      `len > ${length}`,
      `less ${length}`,
    ];
    return `${source.below(5) === 0 ? 'not ' : ''}${terms[source.below(terms.length)]}`;
  };
  const joined = Array.from({ length: source.below(3) }, () => ` ${['and', 'or'][source.below(2)]} ${term()}`);
  return `${term()}${joined.join('')}`;
}
