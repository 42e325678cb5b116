/**
 * Counts the sources per second that sent nothing in the 10 minutes before (IPv6: networks of 64 bits). A source that is
 * not in a Bloom filter is new, and is added to it; the number is corrected for those that the filter finds although
 * they are new. 4 MiB and, for each record, two hashes and at most four words of memory. A function of the records and
 * the clock alone.
 */
import { FIELD_OFFSETS } from '../record/layout.ts';
import { isMapped } from './addresses.ts';
import type { DetectorOptions } from './findings-detector.ts';
import { Hashing } from './hashing.ts';
import { KnownSources } from './known-sources.ts';

/** Of each of two filters: half of them are 1 after 5.8 million sources. */
const BITS = 2 ** 24;
/** A fuller filter would find too many new sources: then the older generation is forgotten early. */
const MAX_FILL = 0.5;
/** The correction changes slowly. */
const CORRECT_EACH = 1024;
/** New sources per second that are counted: later records of that second are skipped, so that a flood costs little. */
const MAX_SOURCES = 200_000;
/** At first, all sources are new. */
const LEARN_MS = 30_000;
const MS_PER_SECOND = 1000;
const SRC_ADDR = FIELD_OFFSETS.src_addr / 4;

export class NewSources {
  readonly #hashing: Hashing;
  readonly #known = new KnownSources(BITS);
  readonly #startMs: number;
  readonly #words = new WeakMap<Uint8Array, Int32Array>();
  #beforeMs: number;
  /** Since the last second; corrected. */
  #sources = 0;
  /** Since the last second, without the correction. */
  #found = 0;
  /** For each new source that the filter does not find, there are this many. */
  #weight = 1;
  /** The source of the last record, which often is that of the next one, too. */
  readonly #last = new Int32Array(4);
  #hasLast = false;

  /** `nowMs`: a clock that is never set, in ms. */
  constructor({ seed }: DetectorOptions, nowMs: number) {
    this.#hashing = new Hashing(seed);
    this.#startMs = nowMs;
    this.#beforeMs = nowMs;
    this.#known.forgetOlder(nowMs / MS_PER_SECOND);
  }

  /** Adds `count` records, `stride` bytes apart; the first begins at byte `first` of `memory`, 4-byte aligned. */
  add(memory: Uint8Array, first: number, count: number, stride: number): void {
    const words = this.#wordsOf(memory);
    const last = this.#last;
    if (this.#found >= MAX_SOURCES) return;
    const step = stride >>> 2;
    for (let i = 0, at = (first >>> 2) + SRC_ADDR; i < count; i++, at += step) {
      const a = words[at]!;
      const b = words[at + 1]!;
      const isIpv4 = isMapped(a, b, words[at + 2]!);
      const c = isIpv4 ? words[at + 2]! : 0;
      const d = isIpv4 ? words[at + 3]! : 0;
      if (this.#hasLast && d === last[3] && b === last[1] && a === last[0] && c === last[2]) continue;
      last[0] = a;
      last[1] = b;
      last[2] = c;
      last[3] = d;
      this.#hasLast = true;
      this.#seen(this.#hashing.address(a, b, c, d), this.#hashing.address(d, c, b, a));
    }
  }

  /** Returns the new sources per second since the last call; undefined for the first 30 s. Call once a second. */
  second(nowMs: number): number | undefined {
    const sources = this.#sources;
    const intervalMs = Math.max(1, nowMs - this.#beforeMs);
    this.#sources = 0;
    this.#found = 0;
    this.#beforeMs = nowMs;
    if (this.#known.second(nowMs / MS_PER_SECOND)) this.#generationChanged();
    else this.#correct();
    return nowMs - this.#startMs < LEARN_MS ? undefined : (sources * MS_PER_SECOND) / intervalMs;
  }

  #seen(x: number, y: number): void {
    const known = this.#known;
    if (known.hasNewer(x, y)) return;
    if (!known.has(x, y)) {
      this.#sources += this.#weight;
      if (++this.#found % CORRECT_EACH === 0) this.#correct();
    }
    known.add(x, y);
  }

  #correct(): void {
    if (this.#known.fill > MAX_FILL) {
      this.#known.forgetOlder(this.#beforeMs / MS_PER_SECOND);
      this.#generationChanged();
    }
    this.#weight = 1 / (1 - this.#known.falseShare);
  }

  /** A source that sends on is to be in the newer generation, too. */
  #generationChanged(): void {
    this.#hasLast = false;
    this.#weight = 1 / (1 - this.#known.falseShare);
  }

  #wordsOf(memory: Uint8Array): Int32Array {
    const cached = this.#words.get(memory);
    if (cached !== undefined) return cached;
    const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >>> 2);
    this.#words.set(memory, words);
    return words;
  }
}
