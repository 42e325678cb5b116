/** Packets of interfaces without a slot: nothing asked for them, and no line of an interface's ledger holds them. */
import type { Ledger, Notice } from '@packetlog/common';
import type { InterfaceCounters } from '../kernel/interface-counters.ts';
import { printableName } from '../kernel/interface-name.ts';

const SLOT = 0;

export class Unwatched {
  readonly #counters: InterfaceCounters;
  /** The last such interface, as the program noted it. */
  readonly #ifindex: () => number;
  readonly #nameOf: (ifindex: number) => string | undefined;
  #told: number;
  readonly #toldOf = new Set<number>();

  constructor(
    counters: InterfaceCounters,
    ifindex: () => number,
    nameOf: (ifindex: number) => string | undefined = () => undefined,
  ) {
    this.#counters = counters;
    this.#ifindex = ifindex;
    this.#nameOf = nameOf;
    // What a loader before told of.
    this.#told = counters.seen(SLOT);
  }

  ledger(): Ledger['unwatched'] {
    const counters = this.#counters.read(SLOT);
    return counters.seen === 0 ? undefined : { ifindex: this.#ifindex(), counters };
  }

  /** Call now and then: tells of each such interface once. */
  look(atMs: number): Notice | undefined {
    const seen = this.#counters.seen(SLOT);
    const count = seen - this.#told;
    const ifindex = this.#ifindex();
    if (count === 0 || this.#toldOf.has(ifindex)) return undefined;
    this.#told = seen;
    this.#toldOf.add(ifindex);
    const name = this.#nameOf(ifindex);
    const which = name === undefined ? `number ${ifindex}` : `${printableName(name)} (number ${ifindex})`;
    const next = name === undefined ? '' : ` Watch it too (--iface ${printableName(name)}), or use --mode generic.`;
    const message = `${count} packets arrived on an interface that is not watched, ${which}: they are counted separately, and rules for an interface do not apply to them.${next}`;
    return { at_ms: atMs, level: 'error', code: 'unwatched_packets', message, count };
  }
}
