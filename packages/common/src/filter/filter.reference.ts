/** What a filter means, in the plainest way: over a decoded record, by another library, one field after the other. */
import ipaddr from 'ipaddr.js';
import { parseAddress } from '../address.ts';
import { hasPorts } from '../names.ts';
import type { PacketLog } from '../packet-log.ts';
import type { Filter, NetworkFilter, NumberFilter, Side } from './filter.ts';

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
      return compare(record[filter.field], filter);
    case 'network':
      return pick(filter.side, record.src_addr, record.dst_addr).some((address) => inside(filter, address, record));
    case 'port':
      return (
        hasPorts(record.ip_protocol) &&
        pick(filter.side, record.src_port, record.dst_port).some((port) => port >= filter.from && port <= filter.to)
      );
    case 'flags':
      return (
        record.ip_protocol === 6 &&
        (filter.exact ? record.tcp_flags === filter.flags : (record.tcp_flags & filter.flags) === filter.flags)
      );
    case 'interface':
      return (interfaces.get(filter.name) ?? []).includes(record.ifindex);
  }
}

function pick<T>(side: Side, source: T, destination: T): T[] {
  return side === 'either' ? [source, destination] : [side === 'src' ? source : destination];
}

function compare(actual: number, { comparison, value }: NumberFilter): boolean {
  if (comparison === '=') return actual === value;
  if (comparison === '!=') return actual !== value;
  if (comparison === '<') return actual < value;
  if (comparison === '<=') return actual <= value;
  return comparison === '>' ? actual > value : actual >= value;
}

function inside({ network }: NetworkFilter, address: string, { ether_type }: PacketLog): boolean {
  const family = network.includes(':') ? 6 : 4;
  if (ether_type !== (family === 6 ? 0x86dd : 0x0800)) return false;
  // An address of the other form in a frame of this family: IPv4's is absent, IPv6's is mapped.
  if (family === 4 && address.includes(':')) return false;
  const [base = '', bits] = network.split('/');
  const prefix = Number(bits) + (family === 6 ? 0 : 96);
  return new ipaddr.IPv6([...parseAddress(address)]).match(new ipaddr.IPv6([...parseAddress(base)]), prefix);
}
