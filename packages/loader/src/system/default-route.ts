/** The interfaces of the default route, which are watched if the operator names none. */
import type { Problem } from '../errors/setup-error.ts';
import { interfaceName } from '../native/libc.ts';
import { type DefaultRoute, FAMILY } from '../native/route-message.ts';
import { defaultRoutes } from '../native/rtnetlink.ts';

export interface DefaultInterfaces {
  /** All next hops of the route that the kernel prefers. */
  preferred: number[];
  /** Next hops of the other default routes: larger metrics, and IPv6 where there is one of IPv4. */
  others: number[];
}

/** Chooses IPv4 before IPv6, then the smallest metric; keeps the kernel's order. Pure. */
export function defaultInterfaces(ipv4: readonly DefaultRoute[], ipv6: readonly DefaultRoute[]): DefaultInterfaces {
  const routes = ipv4.length > 0 ? ipv4 : ipv6;
  const smallest = Math.min(...routes.map(({ metric }) => metric));
  const preferred = new Set(routes.filter(({ metric }) => metric === smallest).map(({ ifindex }) => ifindex));
  const all = new Set([...ipv4, ...ipv6].map(({ ifindex }) => ifindex));
  return { preferred: [...preferred], others: [...all].filter((ifindex) => !preferred.has(ifindex)) };
}

/** Returns names in the network namespace of the calling thread. */
export function defaultRouteInterfaces(): { preferred: string[]; others: string[] } {
  const { preferred, others } = defaultInterfaces(defaultRoutes(FAMILY.ipv4), defaultRoutes(FAMILY.ipv6));
  const names = (indexes: readonly number[]) => indexes.flatMap((ifindex) => interfaceName(ifindex) ?? []);
  return { preferred: names(preferred), others: names(others) };
}

/** Returns the warning for interfaces of other default routes. `names`: safe to print on a terminal. */
export function otherRoutesProblem(names: readonly string[]): Problem {
  return {
    problem: `Not watched, although a default route uses it: ${names.join(', ')}`,
    next: 'Name all interfaces with --iface.',
  };
}
