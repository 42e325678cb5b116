/** Names of interfaces at a time of the past: an ifindex means what it meant when the record was made. */
import type { JournalEntry, JournalEntryOf } from './journal-entry.ts';

/** A time during which no interface changed. */
export interface InterfacePeriod {
  /** Exclusive end; undefined: it lasts. */
  readonly endNs: bigint | undefined;
  readonly startNs: bigint;
  /** The number as text if the journal does not know the interface. */
  nameOf(ifindex: number): string;
  indexesOf(name: string): readonly number[];
}

export class InterfaceHistory {
  readonly #periods: readonly InterfacePeriod[];

  constructor(entries: readonly JournalEntry[]) {
    const changes = entries
      .filter((entry): entry is JournalEntryOf<'interfaces'> => entry.kind === 'interfaces')
      .sort((one, other) => (one.at_ns < other.at_ns ? -1 : one.at_ns > other.at_ns ? 1 : 0));
    // Records before the first entry: the interfaces were most likely the same.
    this.#periods = changes.map(({ at_ns, names }, i) =>
      period(
        i === 0 ? 0n : at_ns,
        changes[i + 1]?.at_ns,
        new Map(Object.entries(names).map(([k, v]) => [Number(k), v])),
      ),
    );
    if (changes.length === 0) this.#periods = [period(0n, undefined, new Map())];
  }

  /** Returns the periods that overlap `firstNs` to `lastNs`, both included: at least one. */
  between(firstNs: bigint, lastNs: bigint): readonly InterfacePeriod[] {
    return this.#periods.filter(
      ({ startNs, endNs }) => startNs <= lastNs && (endNs === undefined || endNs > firstNs) && startNs !== endNs,
    );
  }

  /** Returns the name that the interface had at this time; the number as text if the journal does not know it. */
  nameAt(ns: bigint, ifindex: number): string {
    return this.between(ns, ns)[0]?.nameOf(ifindex) ?? String(ifindex);
  }
}

function period(startNs: bigint, endNs: bigint | undefined, names: ReadonlyMap<number, string>): InterfacePeriod {
  return {
    startNs,
    endNs,
    nameOf: (ifindex) => names.get(ifindex) ?? String(ifindex),
    indexesOf: (name) => [...names].filter(([, known]) => known === name).map(([ifindex]) => ifindex),
  };
}
