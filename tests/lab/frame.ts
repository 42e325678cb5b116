/**
 * Frames for tests, built from the outside in:
 * `ethernet(vlan(5, ipv4({ ttl: 1 }, udp({ dst: 53 }, payload))))`.
 * Lengths, types and checksums are right unless an option says otherwise, so a real stack accepts them.
 */
export { concat, mac, pattern, u16, u32 } from './frame/bytes.ts';
export { crc32c, internetChecksum, transportChecksum } from './frame/checksum.ts';
export { type Ipv4Options, ipv4 } from './frame/ipv4.ts';
export {
  authentication,
  EXTENSION,
  extension,
  fragment,
  type Ipv6Options,
  ipv6,
  NO_NEXT_HEADER,
} from './frame/ipv6.ts';
export { type Layer, type PseudoHeader, raw } from './frame/layer.ts';
export { arp, CLIENT_MAC, ETHER_TYPE, ethernet, SERVER_MAC, vlan } from './frame/link.ts';
export {
  CLIENT_PORT,
  esp,
  gre,
  icmp,
  icmpv6,
  PROTOCOL,
  SERVER_PORT,
  sctp,
  TCP,
  tcp,
  tunnelled,
  udp,
  udplite,
} from './frame/transport.ts';
