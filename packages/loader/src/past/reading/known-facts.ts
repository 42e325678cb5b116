/** Remembers the facts of sealed segments, which never change, so that a question opens only those that it needs. */
import type { SegmentFacts } from '@packetlog/common';
import type { Segment, SegmentFile } from '../../recorder/format/segment.ts';
import { KnownRates } from './known-rates.ts';

/** About 2 MiB. */
const MAX_SEGMENTS = 8192;

export class KnownFacts {
  /** Their sums by time. */
  readonly rates = new KnownRates();
  /** By path and size. The oldest entry is the first. */
  readonly #facts = new Map<string, SegmentFacts>();

  /** Returns undefined for a hot file, and for a segment that was not read before. */
  of(file: SegmentFile): SegmentFacts | undefined {
    return file.kind === 'hot' ? undefined : this.#facts.get(keyOf(file));
  }

  learn({ file, facts }: Segment): void {
    if (file.kind === 'hot' || this.#facts.has(keyOf(file))) return;
    const { records, firstNs, lastNs, actions } = facts;
    this.#facts.set(keyOf(file), { records, firstNs, lastNs, actions });
    if (this.#facts.size > MAX_SEGMENTS) this.#facts.delete(this.#facts.keys().next().value as string);
  }
}

function keyOf({ path, bytes }: SegmentFile): string {
  return `${path} ${bytes}`;
}
