/** Remembers the sums by time of sealed segments, within a limit of memory; those that were used last stay. */
import type { RateSums, SegmentFacts } from '@packetlog/common';
import type { SegmentFile } from '../../recorder/format/segment.ts';
import { readRates } from '../../recorder/format/segment-rates.ts';

const MAX_BYTES = 16 * 2 ** 20;

export class KnownRates {
  /** By path and size; undefined: the segment has no sums that can be used. */
  readonly #rates = new Map<string, RateSums | undefined>();
  #bytes = 0;

  /** Returns undefined if they are not known. */
  of(directory: string, file: SegmentFile, facts: SegmentFacts): RateSums | undefined {
    const key = `${file.path} ${file.bytes}`;
    const isKnown = this.#rates.has(key);
    const rates = isKnown ? this.#rates.get(key) : readRates(directory, file, facts);
    this.#rates.delete(key);
    this.#rates.set(key, rates);
    if (isKnown) return rates;
    this.#bytes += sizeOf(rates);
    for (const [oldest, least] of this.#rates) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#rates.delete(oldest);
      this.#bytes -= sizeOf(least);
    }
    return rates;
  }
}

/** Of the map and its key, about. */
const ENTRY_BYTES = 300;

function sizeOf(rates: RateSums | undefined): number {
  return ENTRY_BYTES + (rates?.sums.byteLength ?? 0);
}
