/** What a filter means, in the plainest way: over a decoded record, by another library, one field after the other. */
import ipaddr from 'ipaddr.js';
import { parseAddress } from '../../src/address/address.ts';
import type { Filter, NetworkFilter, NumberFilter, Side } from '../../src/filter/filter.ts';
import { hasPorts } from '../../src/record/field-names.ts';
import type { PacketLog } from '../../src/record/packet-log.ts';

/** For tests. */
export function naiveMatch(
  filter: Filter,
  record: PacketLog,
  interfaces: ReadonlyMap<string, readonly number[]>,
): boolean {
  switch (filter.kind) {
    case 'all':
      return true;
    case 'and':
      return filter.terms.every((term) => naiveMatch(term, record, interfaces));
    case 'or':
      return filter.terms.some((term) => naiveMatch(term, record, interfaces));
    case 'not':
      return !naiveMatch(filter.term, record, interfaces);
    case 'number':
      return filter.field === 'vlan_id' ? compareTag(record.vlan_id, filter) : compare(record[filter.field], filter);
    case 'network':
      return pick(filter.side, record.src_addr, record.dst_addr).some((address) => inside(filter, address, record));
    case 'port':
      return (
        havePorts(record) &&
        pick(filter.side, record.src_port, record.dst_port).some((port) => port >= filter.from && port <= filter.to)
      );
    case 'icmp': {
      const [type, code] = [Math.floor(record.dst_port / 256), record.dst_port % 256];
      const isUnread = record.dst_port === 0 && [5, 6].includes(record.reason);
      const isAsked = type === filter.type && (filter.code === undefined || code === filter.code);
      return record.ip_protocol === filter.protocol && isAsked && !isUnread;
    }
    case 'flags':
      return (
        record.ip_protocol === 6 &&
        (filter.flags > 0 || (havePorts(record) && record.reason !== 5)) &&
        (filter.exact ? record.tcp_flags === filter.flags : (record.tcp_flags & filter.flags) === filter.flags)
      );
    case 'interface':
      return (interfaces.get(filter.name) ?? []).includes(record.ifindex);
  }
}

function pick<T>(side: Side, source: T, destination: T): T[] {
  return side === 'either' ? [source, destination] : [side === 'src' ? source : destination];
}

/** 0 and 0 are ports of no packet, unless the parser came to their end: reason none, or malformed by their own header. */
function havePorts({ ip_protocol, src_port, dst_port, tcp_flags, reason }: PacketLog): boolean {
  const isEmpty = src_port + dst_port + tcp_flags === 0;
  return hasPorts(ip_protocol) && !(isEmpty && reason !== 0 && reason !== 4);
}

/** 0: no tag, and no id; 4096: a tag with the id 0. */
function compareTag(vlan_id: number, filter: NumberFilter): boolean {
  if (vlan_id === 0) return filter.comparison === '!=';
  return compare(vlan_id % 4096, filter);
}

function compare(actual: number, { comparison, value }: NumberFilter): boolean {
  if (comparison === '=') return actual === value;
  if (comparison === '!=') return actual !== value;
  if (comparison === '<') return actual < value;
  if (comparison === '<=') return actual <= value;
  return comparison === '>' ? actual > value : actual >= value;
}

function inside({ network }: NetworkFilter, address: string, record: PacketLog): boolean {
  const { ether_type, src_addr, dst_addr, ip_protocol, reason } = record;
  // The header was not read: nothing is known of it.
  if (ip_protocol === 255 && src_addr === '::' && dst_addr === '::' && ![0, 6].includes(reason)) return false;
  const family = network.includes(':') ? 6 : 4;
  if (ether_type !== (family === 6 ? 0x86dd : 0x0800)) return false;
  // An address of the other form in a frame of this family: IPv4's is absent, IPv6's is mapped.
  if (family === 4 && address.includes(':')) return false;
  const [base = '', bits] = network.split('/');
  const prefix = Number(bits) + (family === 6 ? 0 : 96);
  return new ipaddr.IPv6([...parseAddress(address)]).match(new ipaddr.IPv6([...parseAddress(base)]), prefix);
}
