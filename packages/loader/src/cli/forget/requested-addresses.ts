/** Which records `packetlog forget` removes. */
import { anyOf, type Filter, formatAddress, type Network, parseNetwork, unmapped } from '@packetlog/common';

/** The bits of ::ffff:0:0/96, into which IPv4 addresses are mapped. */
const MAPPED_BITS = 96;

/**
 * Returns a filter for records from or to the address or network. An IPv4 network includes the mapped addresses that
 * IPv6 packets can have: they name the same hosts.
 */
export function filterOfAddresses(network: string): Filter {
  const parsed = unmapped(parseNetwork(network));
  const { bytes, bits, family } = parsed;
  if (family === 6) return either(`${formatAddress(bytes)}/${bits}`);
  const hextets = [12, 14].map((i) => (((bytes[i] as number) << 8) | (bytes[i + 1] as number)).toString(16));
  return anyOf([either(ipv4Text(parsed)), either(`::ffff:${hextets.join(':')}/${bits}`)]);
}

function ipv4Text({ bytes, bits }: Network): string {
  return `${bytes.subarray(12).join('.')}/${bits - MAPPED_BITS}`;
}

function either(network: string): Filter {
  return { kind: 'network', side: 'either', network };
}
