/** Names what has a bucket, from the key in its entry: `limit_key` of packages/bpf/src/xdp/limit_state.h. */
import { formatAddress, formatIpProtocol, hasPorts, type LimitPer } from '@packetlog/common';

const IPV4_BITS = 32;

/**
 * Returns `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/64`, `tcp port 22`, `icmp`, or `all`. `key`: 8 bytes; of a source
 * in network order.
 */
export function bucketText(key: Uint8Array, per: LimitPer): string {
  switch (per.kind) {
    case 'source':
      return sourceText(key, per.bits4, per.bits6);
    case 'port':
      return portText(key);
    case 'rule':
      return 'all';
  }
}

/** IPv4: 0, 0xffff and the address. IPv6: the upper half, whose first byte is never 0. */
function sourceText(key: Uint8Array, bits4: number, bits6: number): string {
  const address = new Uint8Array(16);
  const isIpv4 = key[0] === 0 && key[1] === 0 && key[2] === 0xff && key[3] === 0xff;
  address.set(key, isIpv4 ? 8 : 0);
  if (!isIpv4) return `${formatAddress(address)}/${bits6}`;
  return bits4 === IPV4_BITS ? formatAddress(address) : `${formatAddress(address)}/${bits4}`;
}

/** The protocol in the lowest byte, then the destination port. */
function portText(key: Uint8Array): string {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const protocol = view.getUint8(0);
  const name = String(formatIpProtocol(protocol));
  return hasPorts(protocol) ? `${name} port ${view.getUint16(1, true)}` : name;
}
