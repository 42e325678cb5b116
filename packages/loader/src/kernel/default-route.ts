/** The interface of the default route, from /proc/net/route and /proc/net/ipv6_route. */
import { readFileSync } from 'node:fs';

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

interface DefaultRoute {
  name: string;
  metric: number;
}

/** Text of /proc/net/route: name, destination, gateway, flags, ..., metric, mask, in hexadecimal but for the metric. */
export function ipv4DefaultRoutes(text: string): DefaultRoute[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((f) => f[1] === '00000000' && f[7] === '00000000' && isUsable(f[3]))
    .map((f) => ({ name: f[0] ?? '', metric: Number(f[6]) }));
}

/** Text of /proc/net/ipv6_route: destination, prefix length, ..., metric at 5, flags at 8, name at 9, in hexadecimal. */
export function ipv6DefaultRoutes(text: string): DefaultRoute[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((f) => f[0] === '0'.repeat(32) && f[1] === '00' && f[9] !== undefined && isUsable(f[8]))
    .map((f) => ({ name: f[9] ?? '', metric: Number.parseInt(f[5] ?? '', 16) }));
}

function isUsable(flags: string | undefined): boolean {
  const value = Number.parseInt(flags ?? '0', 16);
  return (value & RTF_UP) !== 0 && (value & RTF_REJECT) === 0;
}

/** The route the kernel prefers: IPv4 first, then the smallest metric. */
export function preferred(ipv4: readonly DefaultRoute[], ipv6: readonly DefaultRoute[]): string | undefined {
  const smallest = (routes: readonly DefaultRoute[]) => [...routes].sort((a, b) => a.metric - b.metric)[0]?.name;
  return smallest(ipv4) ?? smallest(ipv6);
}

/** In the network namespace of the calling thread. */
export function defaultRouteInterface(): string | undefined {
  const read = (name: string) => {
    try {
      return readFileSync(`/proc/thread-self/net/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  return preferred(ipv4DefaultRoutes(read('route')), ipv6DefaultRoutes(read('ipv6_route')));
}
