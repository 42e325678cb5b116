/** On which watched interfaces rules act, according to the kernel. */
import type { AttachedInterface, UnfilteredInterface } from '../ipc/messages.ts';
import { linkFacts } from '../xdp/attach/attach.ts';
import { askDevice } from '../xdp/attach/link-device.ts';
import { filteringOf, LEFT, type Watched } from './watched.ts';

/** Returns the interfaces that have our program, according to their links and devices. */
export function attachedOf(all: readonly Watched[], isOurs: (program: number) => boolean): AttachedInterface[] {
  return all.flatMap(({ name, ifindex, mode, link }) => {
    if (link === undefined || !isOurs(linkFacts(link).program)) return [];
    return linkFacts(link).ifindex === ifindex && askDevice(link) ? [{ name, ifindex, mode }] : [];
  });
}

/** Returns the other interfaces: no rule acts there. */
export function unfilteredOf(all: readonly Watched[], attached: readonly AttachedInterface[]): UnfilteredInterface[] {
  const names = new Set(attached.map(({ name }) => name));
  return all
    .filter(({ name }) => !names.has(name))
    .map(({ name, ...watched }) => ({ name, why: filteringOf(watched).why ?? LEFT }));
}
