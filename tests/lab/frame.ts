/**
 * Frames for tests, built from the outside in:
 * `ethernet(vlan(5, ipv4({ ttl: 1 }, udp({ dst: 53 }, payload))))`.
 * Lengths, types and checksums are right unless an option says otherwise, so a real stack accepts them.
 */
export { concat, pattern, u16, u32 } from './frame/bytes.ts';
export { ipv4 } from './frame/ipv4.ts';
export { authentication, EXTENSION, extension, fragment, ipv6, NO_NEXT_HEADER } from './frame/ipv6.ts';
export { type Layer, raw } from './frame/layer.ts';
export { arp, ETHER_TYPE, ethernet, pppoe, vlan } from './frame/link.ts';
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
