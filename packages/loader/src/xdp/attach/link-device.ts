/** Finds the network device of this thread's network namespace that an XDP link is on. */

import { objectId, updateLink } from '../../native/bpf-objects.ts';
import { need } from '../../native/check.ts';
import { SystemCallError } from '../../native/libc.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { linkFacts } from './attach.ts';

/**
 * Returns the device of a link; undefined if it is gone or in another namespace. A link names its device by ifindex,
 * which belongs to a namespace (dev_change_net_namespace may assign another): the device with that ifindex here must
 * have the link's program. Throws SystemCallError where the kernel cannot answer, for lack of memory or descriptors.
 */
export function deviceOf(link: number): LinkFacts | undefined {
  const { ifindex, program } = linkFacts(link);
  const facts = linkFactsOf(ifindex);
  return facts?.xdpPrograms.includes(program) ? facts : undefined;
}

/** As `deviceOf`; 'unknown' where that throws. */
export const askDevice = (link: number): LinkFacts | 'unknown' | undefined => unlessUnknown(() => deviceOf(link));

export function unlessUnknown<T>(ask: () => T): T | 'unknown' {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SystemCallError) return 'unknown';
    throw error;
  }
}

/**
 * Returns the device of each link. Links of one loader have the same program, so several may seem to be on one device
 * if their own devices have its ifindex in another namespace: only one is on it. `isLikely` chooses among them;
 * `updateOn` finds out.
 */
export function devicesOf<Link extends { fd: number }>(
  links: readonly Link[],
  isLikely: (link: Link, device: LinkFacts) => boolean,
): { link: Link; device: LinkFacts | undefined }[] {
  const asked = links.map((link) => ({ link, device: deviceOf(link.fd) }));
  return asked.map(({ link, device }) => {
    if (!device) return { link, device };
    const rivals = asked.filter((other) => other.device?.ifindex === device.ifindex);
    const chosen = rivals.find((rival) => isLikely(rival.link, device)) ?? rivals[0];
    return { link, device: chosen?.link === link ? device : undefined };
  });
}

/**
 * Puts `program`, which is not attached to this device yet, behind a link: every packet runs through either the old
 * program or this one. Returns false if the device with the link's ifindex does not have `program` afterwards: the link
 * is on a device elsewhere. Throws SystemCallError, SetupError.
 */
export function updateOn(link: number, program: number, target: string): boolean {
  if (!deviceOf(link)) return false;
  const ours = objectId(program);
  const { ifindex } = linkFacts(link);
  if (linkFactsOf(ifindex)?.xdpPrograms.includes(ours)) return false;
  need(updateLink(link, program), 'take over', target);
  return linkFactsOf(ifindex)?.xdpPrograms.includes(ours) === true;
}
