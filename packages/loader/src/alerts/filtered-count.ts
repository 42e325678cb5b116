/** Counts the recorded packets that match a filter, from interval to interval. */
import {
  ACTIONS,
  compileFilter,
  FIELD_OFFSETS,
  type Filter,
  type FilteredRate,
  REASONS,
  type RecordPredicate,
} from '@packetlog/common';
import type { InterfaceNames } from '../ipc/interface-table.ts';

export interface RecordLayout {
  readonly stride: number;
  readonly recordOffset: number;
}

export type FilteredSums = Readonly<Record<FilteredRate, number>>;

/** The sums of live filters (live/filter-sums.ts) keep twelve hours and lists of addresses; an alert needs four numbers. */
export class FilteredCount {
  readonly #filter: Filter;
  #matches: RecordPredicate = () => false;
  #sums = { packets: 0, bytes: 0, denied: 0, would_deny: 0 };

  constructor(filter: Filter, names: InterfaceNames) {
    this.#filter = filter;
    this.learn(names);
  }

  /** Call it when interfaces have appeared or were renamed. */
  learn(names: InterfaceNames): void {
    this.#matches = compileFilter(this.#filter, names);
  }

  /** Counts the first `count` records of `bytes`, each by its weight. */
  add(bytes: Uint8Array, count: number, { stride, recordOffset }: RecordLayout): void {
    const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sums = this.#sums;
    for (let i = 0, at = recordOffset; i < count; i++, at += stride) {
      if (!this.#matches(bytes, at)) continue;
      const packets = fields.getUint16(at + FIELD_OFFSETS.weight, true);
      sums.packets += packets;
      sums.bytes += fields.getUint16(at + FIELD_OFFSETS.length, true) * packets;
      if (fields.getUint8(at + FIELD_OFFSETS.action) === ACTIONS.deny) sums.denied += packets;
      if (fields.getUint8(at + FIELD_OFFSETS.reason) === REASONS.would_deny) sums.would_deny += packets;
    }
  }

  /** Returns the sums since the last call. */
  take(): FilteredSums {
    const sums = this.#sums;
    this.#sums = { packets: 0, bytes: 0, denied: 0, would_deny: 0 };
    return sums;
  }
}
