/** The interfaces that the previous loader watched, according to its pins, its slot table and the kernel. */
import { printableName } from '../system/interface-name.ts';
import { devicesOf } from '../xdp/attach/link-device.ts';
import type { LeftoverLink } from '../xdp/pinning/leftover-pins.ts';
import type { SlotTable } from '../xdp/slots.ts';
import { GONE, kindOf, LEFT, type Watched, waiting } from './watched.ts';

/**
 * Returns these interfaces and sets up `slots` for them. `reused`: `slots` is the previous loader's table, which the
 * program counts by.
 */
export function leftoverInterfaces(
  links: readonly LeftoverLink[],
  names: ReadonlyMap<number, string>,
  slots: SlotTable,
  reused: boolean,
): Watched[] {
  // A device keeps its ifindex while it stays in a namespace: the table has the ifindex at which it was attached.
  const here = devicesOf(links, ({ slot, ifindex }, device) =>
    reused ? slots.ownerOf(slot) === ifindex : names.get(slot) === device.name,
  );
  const living = here.flatMap(({ link: { slot, ifindex, mode }, device }) =>
    device ? { slot, ifindex, kind: kindOf(device, mode) } : [],
  );
  slots.resume(reused ? living : [], Math.max(0, ...names.keys(), ...links.map(({ slot }) => slot)));
  const watched = here.map(({ link: { slot, mode, ifindex, fd }, device }): Watched => {
    const name = device?.name ?? names.get(slot) ?? String(ifindex);
    // A link without a device here is closed when the interface is attached: until then everything stays as it is.
    return { ...waiting(name, slot, device?.ifindex ?? 0, LEFT), state: 'attached', mode, link: fd };
  });
  if (!reused) {
    for (const { slot, ifindex, kind } of living) {
      const name = watched.find((each) => each.slot === slot)?.name ?? '';
      // The second of two bonds is attached in generic mode instead.
      const isSecondBond = kind === 'bond' && !slots.canAdopt(slot);
      slots.assign(printableName(name), ifindex, slot, isSecondBond ? 'ethernet' : kind);
    }
  }
  const gone = [...names].filter(([slot, name]) => !watched.some((each) => each.slot === slot || each.name === name));
  return [...watched, ...gone.map(([slot, name]) => waiting(name, slot, 0, GONE))];
}
