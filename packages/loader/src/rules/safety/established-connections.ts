/** Reads the kernel's tables of sockets and routes under /proc/net. */

export interface SocketRow {
  /** State of include/net/tcp_states.h, which UDP uses as well: two hexadecimal digits. */
  readonly state: string;
  /** Address as text; an IPv4 address of an IPv6 socket is written as IPv4. */
  readonly address: string;
  /** For a raw socket: the IP protocol. */
  readonly port: number;
  readonly peer: string;
  readonly peerPort: number;
  readonly inode: number;
}

export interface Connection {
  /** Addresses as text, as in SocketRow. */
  local: string;
  localPort: number;
  peer: string;
}

export const ESTABLISHED = '01';
const RTF_GATEWAY = 0x2;
const MAPPED = '00000000000000000000ffff';

/** Returns the established connections in the text of /proc/net/tcp or tcp6. */
export function establishedConnections(text: string): Connection[] {
  return rows(text).flatMap(([, local = '', remote = '', state]) => {
    if (state !== ESTABLISHED) return [];
    const [address, localPort] = endpoint(local);
    return { local: address, localPort, peer: endpoint(remote)[0] };
  });
}

/** Returns the sockets in the text of /proc/net/tcp, udp, raw, or their tables of IPv6. */
export function socketRows(text: string): SocketRow[] {
  return rows(text).map(([, local = '', remote = '', state = '', , , , , , inode]) => {
    const [[address, port], [peer, peerPort]] = [endpoint(local), endpoint(remote)];
    return { state, address, port, peer, peerPort, inode: Number(inode) };
  });
}

/** Returns the gateways of default routes in the text of /proc/net/route. */
export function ipv4Gateways(text: string): string[] {
  return rows(text).flatMap(([, destination, gateway = '', flags = '', , , , mask]) => {
    const isDefault = destination === '00000000' && mask === '00000000';
    return isDefault && (Number.parseInt(flags, 16) & RTF_GATEWAY) !== 0 ? addressText(gateway) : [];
  });
}

/** Returns the gateways of default routes in the text of /proc/net/ipv6_route, which has no header line. */
export function ipv6Gateways(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [destination, bits, , , gateway = '', , , , flags = ''] = line.trim().split(/\s+/);
    const isDefault = destination === '0'.repeat(32) && bits === '00';
    return isDefault && (Number.parseInt(flags, 16) & RTF_GATEWAY) !== 0 ? ipv6(gateway) : [];
  });
}

function rows(text: string): string[][] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(({ length }) => length > 1);
}

/** Reads the address and the port of `0100007F:0016`. */
function endpoint(text: string): [address: string, port: number] {
  const [address = '', port = ''] = text.split(':');
  return [addressText(address), Number.parseInt(port, 16)];
}

/** Converts an address to text. The kernel prints its words in host order, so little-endian bytes are reversed. */
function addressText(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
  if (bytes.length === 8) return ipv4(bytes);
  const lower = bytes.toLowerCase();
  return lower.startsWith(MAPPED) ? ipv4(lower.slice(MAPPED.length)) : ipv6(lower);
}

function ipv4(hex: string): string {
  return (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
}

function ipv6(hex: string): string {
  return (hex.match(/.{4}/g) ?? []).join(':');
}
