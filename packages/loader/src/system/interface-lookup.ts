/**
 * Resolves a name that the operator typed: the kernel's name, an alternative one, or the form that `ip link` prints.
 */
import { interfaceName } from '../native/libc.ts';
import { namedInterface } from '../native/rtnetlink.ts';

/** Returns the kernel's name, in the network namespace of the calling thread; `given` if there is no such interface. */
export function lookUpInterface(
  given: string,
  indexOf: (name: string) => number = namedInterface,
  nameOf: (ifindex: number) => string | undefined = interfaceName,
): string {
  // "eth0@if5" of `ip link` is eth0 with its peer. But a name may contain an @.
  const shown = /^(.+)@[^@]+$/.exec(given)?.[1];
  const ifindex = indexOf(given) || (shown === undefined ? 0 : indexOf(shown));
  return (ifindex === 0 ? undefined : nameOf(ifindex)) ?? given;
}
