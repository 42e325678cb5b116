/** Parses the socket tables of /proc/net. Pure. */

/** Socket states of include/net/tcp_states.h, by protocol; an unconnected UDP socket is "closed". */
const LISTENING: Readonly<Record<number, string>> = { 6: '0A', 17: '07' };

export interface BoundSocket {
  ip_protocol: number;
  port: number;
  inode: number;
}

/**
 * Returns the sockets of one table (tcp, tcp6, udp, udp6) that accept packets from any peer. Skips lines in another
 * format.
 */
export function listeningSockets(table: string, ip_protocol: number): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, port = ''] = /^[0-9A-F]+:([0-9A-F]{4})$/.exec(fields[1] ?? '') ?? [];
    const inode = Number(fields[9]);
    if (port === '' || fields[3] !== LISTENING[ip_protocol] || !(inode > 0)) continue;
    sockets.push({ ip_protocol, port: Number.parseInt(port, 16), inode });
  }
  return sockets;
}
