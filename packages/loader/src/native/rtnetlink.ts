/** Queries the kernel for network devices and routes: rtnetlink(7), in this thread's network namespace. */
import { ERRNO } from '../errors/errno.ts';
import { interfaceIndex, SystemCallError } from './libc.ts';
import { allLinksRequest, type LinkFacts, linkRequest, namedLinkRequest, readLinks } from './link-message.ts';
import { askNetlink, NETLINK_ROUTE } from './netlink-socket.ts';
import { type DefaultRoute, readDefaultRoutes, routesRequest } from './route-message.ts';

/**
 * Returns the facts of a device; undefined if it does not exist in this network namespace. Throws SystemCallError if
 * the kernel does not answer.
 */
export function linkFactsOf(ifindex: number): LinkFacts | undefined {
  if (ifindex <= 0) return undefined;
  const answers = ask(linkRequest(ifindex), false).map(readLinks);
  const found = answers.flatMap(({ links }) => links).find((link) => link.ifindex === ifindex);
  const errno = answers[0]?.errno ?? 0;
  if (!found && errno !== ERRNO.ENODEV) throw new SystemCallError('RTM_GETLINK', errno);
  return found;
}

/**
 * Returns the ifindex of a name or an alternative name (`ip link property add altname`), of any length. 0: there is
 * none.
 */
export function namedInterface(name: string): number {
  return interfaceIndex(name) || (links(namedLinkRequest(name))[0]?.ifindex ?? 0);
}

/** Returns the default routes of a family, see `FAMILY`. */
export function defaultRoutes(family: number): DefaultRoute[] {
  return ask(routesRequest(family), true).flatMap(readDefaultRoutes);
}

/** Returns all devices of this thread's network namespace. */
export function allLinks(): LinkFacts[] {
  return ask(allLinksRequest(), true).flatMap((bytes) => readLinks(bytes).links);
}

function links(request: Uint8Array): LinkFacts[] {
  return ask(request, false).flatMap((bytes) => readLinks(bytes).links);
}

const ask = (request: Uint8Array, isDump: boolean) => askNetlink(NETLINK_ROUTE, request, isDump);
