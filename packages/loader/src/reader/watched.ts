/** One watched interface, attached or not. */
import type { Filtering, Interface } from '@packetlog/common';
import type { LinkFacts } from '../native/link-message.ts';
import { linkLayerOf } from '../xdp/attach/link-layer.ts';
import type { PinnableLink } from '../xdp/pinning/pins.ts';
import type { SlotKind } from '../xdp/slots.ts';

export interface Watched extends Interface {
  slot: number;
  link: number | undefined;
  /** Why it is not attached. */
  away: string;
  /** The last failure that was reported, so that it is reported once. */
  complaint: string | undefined;
}

/** Receives changes of the attached links, so that they can outlive this process. */
export interface LinkKeeper {
  attached(link: PinnableLink): void;
  detached(link: Pick<PinnableLink, 'slot' | 'mode'>): void;
  renamed(link: Pick<PinnableLink, 'slot' | 'name'>): void;
}

export const ABSENT = 'the interface does not exist yet';
export const NOT_YET = 'the program is not attached yet';
export const GONE = 'the interface is gone';
export const LEFT = 'the interface is in another network namespace now';

export function waiting(name: string, slot: number, ifindex: number, away: string): Watched {
  return { name, slot, state: 'gone', ifindex, mode: 'generic', link: undefined, away, complaint: undefined };
}

export function filteringOf({ link, away, complaint }: Pick<Watched, 'link' | 'away' | 'complaint'>): Filtering {
  return link === undefined ? { state: 'none', why: complaint ?? away } : { state: 'full' };
}

export function linkOf({ slot, mode, name, link }: Watched): PinnableLink | undefined {
  return link === undefined ? undefined : { slot, mode, name, fd: link };
}

/**
 * bond_xdp_set (drivers/net/bonding/bond_main.c) puts a native program on the members; new members get it as they join.
 */
export function kindOf(facts: LinkFacts, mode: Interface['mode']): SlotKind {
  if (facts.kind === 'bond' && mode !== 'generic') return 'bond';
  const layer = linkLayerOf(facts);
  return 'link' in layer ? layer.link : 'ethernet';
}
