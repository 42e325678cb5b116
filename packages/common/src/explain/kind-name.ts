/** Names kinds of traffic, for people. */
import { icmpTypeOnlyName } from '../names/icmp-names.ts';
import { hasPorts, protocolName } from '../record/field-names.ts';

/** A protocol with a destination port or an ICMP type, or a protocol without them. */
export interface KindOfTraffic {
  readonly ip_protocol: number;
  readonly port?: number | undefined;
  readonly icmp_type?: number | undefined;
}

/** Returns `TCP 23`, `ICMP echo request`, `GRE`, or `UDP without port` for packets that do not contain it. */
export function kindName({ ip_protocol, port, icmp_type }: KindOfTraffic): string {
  const protocol = protocolName(ip_protocol);
  if (icmp_type !== undefined) return `${protocol} ${icmpTypeOnlyName(ip_protocol, icmp_type)}`;
  if (port !== undefined) return `${protocol} ${port}`;
  return hasPorts(ip_protocol) ? `${protocol} without port` : protocol;
}
