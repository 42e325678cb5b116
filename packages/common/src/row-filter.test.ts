import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { ACTIONS } from './layout.ts';
import { actionName, hasPorts } from './names.ts';
import { packetLog } from './packet-log.arbitrary.ts';
import { encodePacketLog, type PacketLog } from './packet-log.ts';
import { compileRowFilter, type RowFilter, rowFilterKey, rowFilterSchema } from './row-filter.ts';
import { PacketLogView } from './view.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const [ICMP, TCP, UDP] = [1, 6, 17];

const tcp: PacketLog = {
  timestamp_ns: 1n,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 60,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: IPV4,
  vlan_id: 0,
  ip_protocol: TCP,
  tcp_flags: 2,
  action: ACTIONS.permit,
  reason: 0,
};
const ipv6: PacketLog = { ...tcp, ether_type: IPV6, src_addr: '2001:db8::1', dst_addr: '2001:db8:0:1::2' };
const mapped: PacketLog = { ...ipv6, src_addr: '192.0.2.1', dst_addr: '192.0.2.2' };
const arp: PacketLog = { ...tcp, ether_type: 0x0806, src_addr: '::', dst_addr: '::', ip_protocol: 255 };
const cutOff: PacketLog = { ...arp, ether_type: IPV4, reason: 5 };
const ping: PacketLog = { ...tcp, ip_protocol: ICMP, src_port: 0, dst_port: 8 * 256 };

/** At an odd place, because that is where socket.io's Node client puts them. */
function lets(filter: RowFilter, record: PacketLog): boolean {
  const bytes = new Uint8Array(3 + 64 + 5).fill(0xa5);
  encodePacketLog(record, bytes, 3);
  return compileRowFilter(rowFilterSchema.parse(filter))(bytes, 3);
}

describe('a row filter', () => {
  it.each<[string, RowFilter, PacketLog, boolean]>([
    ['nothing asked', {}, arp, true],
    ['an action', { action: ['permit'] }, tcp, true],
    ['another action', { action: ['deny'] }, tcp, false],
    ['one of two actions', { action: ['aborted', 'permit'] }, tcp, true],
    ['a protocol', { protocol: [UDP, TCP] }, tcp, true],
    ['another protocol', { protocol: [UDP] }, tcp, false],
    ['no IP at all', { protocol: [255] }, arp, true],
    ['the source', { address: '192.0.2.1' }, tcp, true],
    ['the destination', { address: '198.51.100.2' }, tcp, true],
    ['a neighbour', { address: '192.0.2.0' }, tcp, false],
    ['a network', { address: '192.0.2.0/31' }, tcp, true],
    ['a network that ends before', { address: '192.0.2.2/31' }, tcp, false],
    ['the source in the wrong place', { dst_address: '192.0.2.1' }, tcp, false],
    ['each in its place', { src_address: '192.0.2.0/24', dst_address: '198.51.100.2' }, tcp, true],
    ['all of IPv4', { address: '0.0.0.0/0' }, tcp, true],
    ['all of IPv4, of IPv6', { address: '0.0.0.0/0' }, ipv6, false],
    ['all of IPv4, of IPv6 that carries IPv4 addresses', { address: '0.0.0.0/0' }, mapped, false],
    ['an IPv4 address, of IPv6 that carries it', { address: '192.0.2.1' }, mapped, false],
    ['all of IPv4, of what was cut off before its addresses', { address: '0.0.0.0/0' }, cutOff, false],
    ['all of IPv6', { address: '::/0' }, ipv6, true],
    ['all of IPv6, of IPv4', { address: '::/0' }, tcp, false],
    ['all of IPv6, of IPv6 that carries IPv4 addresses', { address: '::/0' }, mapped, true],
    ['all of IPv6, of no IP', { address: '::/0' }, arp, false],
    ['mapped IPv4 as IPv6', { address: '::ffff:192.0.2.1' }, mapped, true],
    ['mapped IPv4 as IPv6, of IPv4', { address: '::ffff:0:0/96' }, tcp, false],
    ['a prefix inside a byte', { dst_address: '2001:db8:0:2::/63' }, ipv6, false],
    ['a prefix inside a byte that holds', { dst_address: '2001:db8::/63' }, ipv6, true],
    ['the source port', { port: 40_000 }, tcp, true],
    ['the destination port', { port: 443 }, tcp, true],
    ['the destination port as source', { src_port: 443 }, tcp, false],
    ['both ports', { src_port: 40_000, dst_port: 443 }, tcp, true],
    ['a port that is ICMP type 8', { port: 2048 }, ping, false],
    ['port 0, of a protocol without ports', { port: 0 }, ping, false],
    ['port 0, of a later fragment', { port: 0 }, { ...tcp, src_port: 0, dst_port: 0, reason: 6 }, true],
    ['everything but one', { action: ['permit'], protocol: [TCP], port: 443, address: '192.0.2.9' }, tcp, false],
  ])('%s', (_, filter, record, wanted) => {
    expect(lets(filter, record)).toBe(wanted);
  });

  it('agrees with a slow one on any record', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(near, filters, (record, filter) => {
        const expected = naive(filter, record);
        seen[expected ? 'yes' : 'no']++;
        expect(lets(filter, record)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(300);
  });

  it('is asked of a view by index', () => {
    const bytes = new Uint8Array(2 * 72);
    encodePacketLog(tcp, bytes, 8);
    encodePacketLog(ping, bytes, 80);
    const view = new PacketLogView(bytes, { count: 2, stride: 72, recordOffset: 8 });
    const predicate = compileRowFilter({ protocol: [ICMP] });
    expect([view.matches(0, predicate), view.matches(1, predicate)]).toEqual([false, true]);
    expect(() => view.matches(2, predicate)).toThrow(RangeError);
  });
});

describe('rowFilterKey', () => {
  it('is the same for filters that say the same', () => {
    expect(rowFilterKey({ protocol: [17, 6, 17], address: '2001:DB8::0/32' })).toBe(
      rowFilterKey({ address: '2001:db8::/32', protocol: [6, 17] }),
    );
    expect(rowFilterKey({ address: '192.0.2.1' })).toBe(rowFilterKey({ address: '192.0.2.1/32' }));
    expect(rowFilterKey({})).toBe('');
  });

  it('differs where two filters differ on a record', () => {
    fc.assert(
      fc.property(filters, filters, near, (one, other, record) => {
        if (rowFilterKey(one) === rowFilterKey(other)) expect(lets(one, record)).toBe(lets(other, record));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('rowFilterSchema', () => {
  it.each<[unknown, string]>([
    [{ address: '10.1.2.3/8' }, 'write 10.0.0.0/8'],
    [{ src_address: 'localhost' }, 'neither an address nor a network'],
    [{ port: 65_536 }, 'Too big'],
    [{ port: '53' }, 'expected number'],
    [{ dst_port: 0.5 }, 'expected int'],
    [{ protocol: [256] }, 'Too big'],
    [{ protocol: [] }, 'Too small'],
    [{ protocol: 6 }, 'expected array'],
    [{ action: ['drop'] }, '"permit"'],
    [{ ports: [53] }, '"ports"'],
    ['tcp port 53', 'expected object'],
    [{ address: '1'.repeat(100_000) }, 'Too big'],
  ])('refuses %j', (filter, message) => {
    const result = rowFilterSchema.safeParse(filter);
    expect(result.success).toBe(false);
    expect(result.error?.issues[0]?.message).toContain(message);
  });
});

/** Values that records and filters share, so that they meet. */
const addresses = ['192.0.2.1', '192.0.2.2', '192.0.3.1', '0.0.0.0', '2001:db8::1', '2001:db8::8000:1', '::1', '::'];
const networks = [
  ...addresses,
  ...['192.0.2.0/24', '192.0.2.0/30', '192.0.0.0/15', '0.0.0.0/0', '128.0.0.0/1'],
  ...['2001:db8::/32', '2001:db8::/97', '2000::/3', '::/0', '::ffff:0:0/96', '::ffff:192.0.2.1'],
];
const from = <T>(...values: T[]) => fc.constantFrom(...values);
const near: fc.Arbitrary<PacketLog> = fc
  .tuple(
    packetLog,
    fc.record({
      src_addr: from(...addresses),
      dst_addr: from(...addresses),
      ether_type: from(IPV4, IPV4, IPV6, IPV6, 0x0806),
      ip_protocol: from(ICMP, TCP, UDP, 255),
      src_port: from(0, 53, 443, 0x3500),
      dst_port: from(0, 53, 443, 2048),
      action: from(0, 1, 2),
    }),
  )
  .map(([any, some]) => ({ ...any, ...some }));
const everyKey = fc.record({
  action: fc.uniqueArray(from('permit', 'deny', 'aborted'), { minLength: 1 }),
  protocol: fc.array(from(ICMP, TCP, UDP, 255), { minLength: 1, maxLength: 5 }),
  address: from(...networks),
  src_address: from(...networks),
  dst_address: from(...networks),
  port: from(0, 53, 443, 2048),
  src_port: from(0, 53, 443),
  dst_port: from(0, 53, 443, 2048),
});
const KEYS = ['action', 'protocol', 'address', 'src_address', 'dst_address', 'port', 'src_port', 'dst_port'] as const;
/** A few keys: with all of them hardly a record passes. */
const filters: fc.Arbitrary<RowFilter> = fc
  .tuple(everyKey, fc.subarray([...KEYS], { maxLength: 3 }))
  .map(([all, keys]) => Object.fromEntries(keys.map((key) => [key, all[key]])) as RowFilter);

/** By another library, and one field after the other. */
function naive(filter: RowFilter, record: PacketLog): boolean {
  const inside = (text: string | undefined, ...fields: string[]): boolean => {
    if (text === undefined) return true;
    const family = text.includes(':') ? 6 : 4;
    if (record.ether_type !== (family === 6 ? IPV6 : IPV4)) return false;
    const [address = '', bits = family === 6 ? 128 : 32] = text.split('/');
    return fields.some((field) => {
      // An address of the other form in a frame of this family: IPv4's is absent, IPv6's is mapped.
      if (family === 4 && field.includes(':')) return false;
      const wide = new ipaddr.IPv6([...parseAddress(field)]);
      const prefix = Number(bits) + (family === 6 ? 0 : 96);
      return wide.match(new ipaddr.IPv6([...parseAddress(address)]), prefix);
    });
  };
  const isPort = (port: number | undefined, ...fields: number[]): boolean =>
    port === undefined || (hasPorts(record.ip_protocol) && fields.includes(port));
  const { src_addr, dst_addr, src_port, dst_port } = record;
  const action = actionName(record.action);
  return (
    (filter.action === undefined || (action !== 'unknown' && filter.action.includes(action))) &&
    (filter.protocol === undefined || filter.protocol.includes(record.ip_protocol)) &&
    inside(filter.address, src_addr, dst_addr) &&
    inside(filter.src_address, src_addr) &&
    inside(filter.dst_address, dst_addr) &&
    isPort(filter.port, src_port, dst_port) &&
    isPort(filter.src_port, src_port) &&
    isPort(filter.dst_port, dst_port)
  );
}
