/** Marks special-purpose addresses: what the range is for, and which standard defines it. */
import { parseAddress } from './address.ts';
import { parseNetwork } from './network.ts';

export interface AddressMark {
  /** A word or two: `private`. */
  readonly name: string;
  readonly sentence: string;
  /** `RFC 1918`. */
  readonly source: string;
}

const PRIVATE: AddressMark = {
  name: 'private',
  sentence: 'A private range, unique only within its network.',
  source: 'RFC 1918',
};
const LOOPBACK = { name: 'loopback', sentence: 'This machine itself; it must not come from outside.' };
const LINK_LOCAL = { name: 'link-local', sentence: 'Valid on this link only: the sender is a neighbour.' };
const DOCUMENTATION = { name: 'documentation', sentence: 'Reserved for documentation; not routable.' };
const MULTICAST = { name: 'multicast', sentence: 'A multicast group: every member receives the packet.' };
const BENCHMARKING = { name: 'benchmarking', sentence: 'Reserved for benchmarks of network devices; not routable.' };

/**
 * IANA's registries of special-purpose addresses, and multicast. The first entry that contains an address is its mark.
 */
const MARKS: readonly (readonly [network: string, mark: AddressMark])[] = [
  ['0.0.0.0', { name: 'unspecified', sentence: 'No address: the sender has none yet.', source: 'RFC 1122' }],
  ['0.0.0.0/8', { name: 'this network', sentence: 'A host of this network; never a destination.', source: 'RFC 791' }],
  ['10.0.0.0/8', PRIVATE],
  ['172.16.0.0/12', PRIVATE],
  ['192.168.0.0/16', PRIVATE],
  [
    '100.64.0.0/10',
    { name: 'carrier NAT', sentence: 'Customers of a provider that share public addresses.', source: 'RFC 6598' },
  ],
  ['127.0.0.0/8', { ...LOOPBACK, source: 'RFC 1122' }],
  [
    '169.254.169.254',
    { name: 'cloud metadata', sentence: 'The metadata service of cloud instances.', source: 'RFC 3927' },
  ],
  ['169.254.0.0/16', { ...LINK_LOCAL, source: 'RFC 3927' }],
  ['192.0.0.0/24', { name: 'protocol', sentence: 'For protocols of the IETF, not for hosts.', source: 'RFC 6890' }],
  ['192.0.2.0/24', { ...DOCUMENTATION, source: 'RFC 5737' }],
  ['198.51.100.0/24', { ...DOCUMENTATION, source: 'RFC 5737' }],
  ['203.0.113.0/24', { ...DOCUMENTATION, source: 'RFC 5737' }],
  ['192.88.99.0/24', { name: '6to4 relay', sentence: 'Deprecated: it should not be in use.', source: 'RFC 7526' }],
  ['198.18.0.0/15', { ...BENCHMARKING, source: 'RFC 2544' }],
  ['255.255.255.255', { name: 'broadcast', sentence: 'All hosts on this link receive the packet.', source: 'RFC 919' }],
  ['224.0.0.0/24', { ...MULTICAST, name: 'link multicast', source: 'RFC 5771' }],
  ['224.0.0.0/4', { ...MULTICAST, source: 'RFC 5771' }],
  ['240.0.0.0/4', { name: 'reserved', sentence: 'Reserved and not assigned.', source: 'RFC 1112' }],
  ['::/128', { name: 'unspecified', sentence: 'No address: the sender has none yet.', source: 'RFC 4291' }],
  ['::1/128', { ...LOOPBACK, source: 'RFC 4291' }],
  ['64:ff9b::/96', { name: 'NAT64', sentence: 'Stands for the IPv4 address in its last 32 bits.', source: 'RFC 6052' }],
  [
    '64:ff9b:1::/48',
    { name: 'local NAT64', sentence: 'Stands for an IPv4 address, in one network.', source: 'RFC 8215' },
  ],
  ['100::/64', { name: 'discard', sentence: 'Packets to it are discarded.', source: 'RFC 6666' }],
  ['2001::/32', { name: 'Teredo', sentence: 'IPv6 through a tunnel over IPv4 and UDP.', source: 'RFC 4380' }],
  ['2001:2::/48', { ...BENCHMARKING, source: 'RFC 5180' }],
  ['2001:20::/28', { name: 'ORCHID', sentence: 'A hash of a key, not a place.', source: 'RFC 7343' }],
  ['2001:db8::/32', { ...DOCUMENTATION, source: 'RFC 3849' }],
  ['3fff::/20', { ...DOCUMENTATION, source: 'RFC 9637' }],
  ['2002::/16', { name: '6to4', sentence: 'IPv6 through a tunnel over IPv4; deprecated.', source: 'RFC 3056' }],
  [
    'fc00::/7',
    {
      name: 'unique local',
      sentence: 'An address of a private network, not reachable from outside it.',
      source: 'RFC 4193',
    },
  ],
  ['fe80::/10', { ...LINK_LOCAL, source: 'RFC 4291' }],
  ['ff02::/16', { ...MULTICAST, name: 'link multicast', source: 'RFC 4291' }],
  ['ff00::/8', { ...MULTICAST, source: 'RFC 4291' }],
];

let networks: readonly { readonly bytes: Uint8Array; readonly bits: number; readonly mark: AddressMark }[] | undefined;

/**
 * Returns the mark of an address; undefined for an ordinary public address.
 * @throws AddressError when `address` is not an address.
 */
export function addressMark(address: string): AddressMark | undefined {
  networks ??= MARKS.map(([network, mark]) => ({ ...parseNetwork(network), mark }));
  const bytes = parseAddress(address);
  return networks.find((network) => holds(network, bytes))?.mark;
}

function holds({ bytes, bits }: { bytes: Uint8Array; bits: number }, address: Uint8Array): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || (bytes[whole] as number) >> rest === (address[whole] as number) >> rest;
}
