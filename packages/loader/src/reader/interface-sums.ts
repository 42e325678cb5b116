/** Sums of the kernel's counters over the watched interfaces and the unwatched ones. */
import type { Ledger } from '@packetlog/common';
import type { InterfaceCounters } from '../xdp/interface-counters.ts';
import { UNWATCHED_SLOT } from './unwatched-interfaces.ts';
import { filteringOf, type Watched } from './watched.ts';

export function ledgerOf(all: readonly Watched[], counters: InterfaceCounters): Ledger['interfaces'] {
  return all.map(({ name, ifindex, mode, state, mode_reason, link_layer, slot, ...watched }) => ({
    name,
    ifindex,
    mode,
    state,
    ...(mode_reason === undefined ? {} : { mode_reason }),
    ...(link_layer === undefined ? {} : { link_layer }),
    filtering: filteringOf(watched),
    counters: counters.read(slot),
  }));
}

/** Returns packets by reason number, over all interfaces, watched or not. */
export function reasonsOf(all: readonly Watched[], counters: InterfaceCounters): number[] {
  const sums = counters.reasons(UNWATCHED_SLOT);
  for (const { slot } of all) {
    counters.reasons(slot).forEach((count, reason) => {
      sums[reason] = (sums[reason] ?? 0) + count;
    });
  }
  return sums;
}

/** Returns packets lost because a ring was full, on all interfaces, watched or not. */
export function ringFullOf(all: readonly Watched[], counters: InterfaceCounters): number {
  return all.reduce((sum, { slot }) => sum + counters.ringFull(slot), counters.ringFull(UNWATCHED_SLOT));
}
