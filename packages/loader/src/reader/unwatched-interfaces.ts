/**
 * Counts packets of interfaces without a slot: these are not configured and have no entry in the ledger's interfaces.
 */
import type { Ledger, Notice } from '@packetlog/common';
import { linkFactsOf } from '../native/rtnetlink.ts';
import { printableName } from '../system/interface-name.ts';
import { unlessUnknown } from '../xdp/attach/link-device.ts';
import type { InterfaceCounters } from '../xdp/interface-counters.ts';
import type { Watched } from './watched.ts';

/** Name under which the traffic of unwatched interfaces is listed. */
export const UNWATCHED = 'unwatched';
/** Slot of the counters for unwatched interfaces. */
export const UNWATCHED_SLOT = 0;

/** The device in this network namespace with the ifindex of an unwatched interface. */
export interface SeenDevice {
  name: string;
  /** The watched interface that it is a part of, whose driver runs the program on it (netvsc_vf_setxdp). */
  of: string | undefined;
}

export class Unwatched {
  readonly #counters: InterfaceCounters;
  /** Returns the ifindex of the last unwatched interface, as the program recorded it. */
  readonly #ifindex: () => number;
  readonly #deviceOf: (ifindex: number) => SeenDevice | undefined;
  #reported: number;
  readonly #reportedIfindexes = new Set<number>();

  constructor(
    counters: InterfaceCounters,
    ifindex: () => number,
    deviceOf: (ifindex: number) => SeenDevice | undefined = () => undefined,
  ) {
    this.#counters = counters;
    this.#ifindex = ifindex;
    this.#deviceOf = deviceOf;
    // The previous loader has reported these.
    this.#reported = counters.seen(UNWATCHED_SLOT);
  }

  ledger(): Ledger['unwatched'] {
    const counters = this.#counters.read(UNWATCHED_SLOT);
    return counters.seen === 0 ? undefined : { ifindex: this.#ifindex(), counters };
  }

  /** Call periodically: reports each unwatched interface once. */
  check(atMs: number): Notice | undefined {
    const seen = this.#counters.seen(UNWATCHED_SLOT);
    const count = seen - this.#reported;
    const ifindex = this.#ifindex();
    if (count === 0 || this.#reportedIfindexes.has(ifindex)) return undefined;
    this.#reported = seen;
    this.#reportedIfindexes.add(ifindex);
    const device = this.#deviceOf(ifindex);
    const which = device ? `${printableName(device.name)} (number ${ifindex})` : `number ${ifindex}`;
    const next = device ? adviceOn(device) : '';
    const message = `${count} packets arrived on an interface that is not watched, ${which}: they are counted separately, and rules for an interface do not apply to them.${next}`;
    return { at_ms: atMs, level: 'error', code: 'unwatched_packets', message, count };
  }
}

/**
 * Returns the device of an ifindex that the program saw. It may be an ifindex of another network namespace: only a
 * device that has the program, or is part of one that has, can be meant.
 */
export function seenDevice(ifindex: number, watched: readonly Watched[]): SeenDevice | undefined {
  const facts = unlessUnknown(() => linkFactsOf(ifindex));
  if (!facts || facts === 'unknown') return undefined;
  const of = watched.find(({ link, ...each }) => link !== undefined && each.ifindex === facts.master)?.name;
  return of !== undefined || facts.xdpPrograms.length > 0 ? { name: facts.name, of } : undefined;
}

function adviceOn({ name, of }: SeenDevice): string {
  if (of !== undefined) return ` It is part of ${printableName(of)}: with --mode generic they are counted there.`;
  return ` Watch it too (--iface ${printableName(name)}), or use --mode generic.`;
}
