/** Which interface a name means, as people have it: the kernel's, an alternative one, or what `ip link` prints. */
import { interfaceName } from '../native/libc.ts';
import { namedInterface } from '../native/rtnetlink.ts';

/** The kernel's name, in the network namespace of the calling thread; what was given if there is no such interface. */
export function lookUpInterface(
  given: string,
  indexOf: (name: string) => number = namedInterface,
  nameOf: (ifindex: number) => string | undefined = interfaceName,
): string {
  // "eth0@if5" of `ip link` is eth0 with its peer. But a name may hold an @.
  const shown = /^(.+)@[^@]+$/.exec(given)?.[1];
  const ifindex = indexOf(given) || (shown === undefined ? 0 : indexOf(shown));
  return (ifindex === 0 ? undefined : nameOf(ifindex)) ?? given;
}
