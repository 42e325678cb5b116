/**
 * Writes records to a directory of segments: appends them to a hot file, seals full ones, deletes old ones. A failing
 * disk stops the recording, not the caller: what cannot be written is counted, and the journal has it as a gap.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SEGMENT_RECORDS, PACKET_LOG_SIZE } from '@packetlog/common';
import type { RecorderCounts } from '../../ipc/recorder-counts.ts';
import type { JournalEntry } from '../format/journal-entry.ts';
import { appendToJournal } from '../format/segment-journal.ts';
import { segmentName } from '../format/segment-name.ts';
import { type Adopted, adopt } from './adopt.ts';
import { anonymize } from './anonymize.ts';
import { compactJournal, journalBytes } from './compact-journal.ts';
import { defaultMaxBytes, requireSpace } from './disk-space.ts';
import { Gap } from './gap.ts';
import { HotFile } from './hot-file.ts';
import { type BookmarkResult, KeptBookmarks, type NewBookmark, type Span } from './kept-bookmarks.ts';
import { KeptSegments } from './kept-segments.ts';
import { oldestOf } from './oldest-record.ts';
import { PermitSampler } from './permit-sampler.ts';
import type { RingPosition } from './progress.ts';
import { ProgressFile } from './progress-file.ts';
import type { RecordedRules, RecorderSettings } from './recorder-settings.ts';

/** Others than the service's user may not read packets. */
const DIRECTORY_MODE = 0o700;
const RETRY_MS = 2000;
const NS_PER_MS = 1_000_000n;
/** A hot file is sealed after this time even if it is not full, so that old packets can expire. */
const MAX_HOT_MS = 3_600_000;
/** One segment spans at most this part of the time for which packets are kept. */
const HOT_SHARE = 8;
const KILLED = 'the recorder was killed';
/** A smaller journal is left as it is. */
const MIN_COMPACTED_BYTES = 256 * 1024;
const TOO_SLOW = 'the recorder was too slow';

/** `problem`: a clause. `warning`: sentences about bookmarks that keep nothing. */
export type RecordingChange = { readonly problem: string } | { readonly lost: number } | { readonly warning: string };

export interface RecorderHost {
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
  /** Recording stopped or resumed, or bookmarks no longer keep their packets. */
  readonly changed: (change: RecordingChange) => void;
  /** A segment was sealed, which leaves several MiB of garbage. */
  readonly sealed: () => void;
  /** Version of packetlog. */
  readonly version: string;
}

export class SegmentRecorder {
  readonly #settings: RecorderSettings;
  readonly #counts: RecorderCounts;
  readonly #host: RecorderHost;
  readonly #sampler: PermitSampler;
  readonly #kept: KeptSegments;
  readonly #bookmarks: KeptBookmarks;
  readonly #progress: ProgressFile;
  /** The records of the hot file, to seal them. */
  readonly #buffer = new Uint8Array(MAX_SEGMENT_RECORDS * PACKET_LOG_SIZE);
  readonly #gap = new Gap(() => this.#nowNs());
  /** Entries in force, to be written again after the disk failed. */
  readonly #latest = new Map<JournalEntry['kind'], JournalEntry>();
  /** Records recorded, sampled or lost. */
  #handled = 0;
  #sequence = 0;
  #maxBytes = 0;
  #hot: HotFile | undefined;
  #hotSince = 0;
  #journalBytes = 0;
  #compactAt = MIN_COMPACTED_BYTES;
  #hasStarted = false;
  #problem: string | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(settings: RecorderSettings, counts: RecorderCounts, ring: RingPosition, host: RecorderHost) {
    this.#settings = settings;
    this.#counts = counts;
    this.#host = host;
    this.#sampler = new PermitSampler(settings.permitsPerSecond);
    this.#kept = new KeptSegments(settings, counts);
    this.#bookmarks = new KeptBookmarks(settings.directory, (warning) => host.changed({ warning }));
    this.#progress = new ProgressFile(ring, host.now);
    this.#counts.set('recording', 1);
    this.#attempt(() => {});
    this.#update();
  }

  /** Bytes that all files may take; 0: the directory could not be opened yet. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Writes `count` records of 64 bytes, and changes them (sampling, anonymizing). Counts what it cannot write. */
  append(records: Uint8Array, count: number): void {
    const kept = this.#sampler.select(records, count, this.#host.monotonic());
    this.#counts.add('sampled', count - kept);
    if (this.#settings.anonymize) anonymize(records, kept);
    this.#handled += count - kept;
    let done = 0;
    this.#attempt(() => {
      // A segment that cannot be sealed stops the recording in between.
      while (done < kept && this.#problem === undefined)
        done += this.#write(records.subarray(done * PACKET_LOG_SIZE, kept * PACKET_LOG_SIZE));
    });
    if (done === kept) return;
    this.#counts.add('lost', kept - done);
    this.missed(kept - done);
  }

  /** Notes records that did not come here, because the recorder was too slow; the caller counts them. */
  missed(records: number): void {
    if (records === 0) return;
    this.#handled += records;
    this.#gap.add(records);
  }

  /** Call about once a second: writes to the disk what is in memory, seals, expires, tries again after a failure. */
  tick(): void {
    this.#attempt(() => {
      if (this.#hot?.isGone()) throw new Error('the directory was removed');
      this.#hot?.sync((error) => this.#fail(error));
      const isOld = this.#host.now() - this.#hotSince > this.#maxHotMs;
      if (this.#hot !== undefined && this.#hot.records > 0 && isOld) this.#seal();
      if (this.#kept.sealLeft()) this.#host.sealed();
      this.#expire();
      this.#compactJournal();
      this.#writeGap(TOO_SLOW);
      this.#writeProgress();
    });
    this.#update();
  }

  /** The interfaces from now on: their names by ifindex. */
  interfaces(names: Readonly<Record<string, string>>): void {
    this.#note({ kind: 'interfaces', at_ns: this.#nowNs(), names });
  }

  /** The rules from now on. */
  rules(rules: RecordedRules): void {
    this.#note({ kind: 'rules', at_ns: this.#nowNs(), ...rules });
  }

  /** Keeps a range; it ends now at the latest. The answer is undefined while the disk does not work. */
  bookmark({ fromNs, toNs, note }: NewBookmark): BookmarkResult | undefined {
    const nowNs = this.#nowNs() + NS_PER_MS;
    let result: BookmarkResult | undefined;
    this.#attempt(() => {
      const wanted = { fromNs, toNs: toNs < nowNs ? toNs : nowNs, note };
      result = this.#bookmarks.add(wanted, this.#spans(), this.#maxBytes);
    });
    return result;
  }

  /** Returns whether there was such a bookmark; undefined while the disk does not work. */
  unbookmark(id: number): boolean | undefined {
    let wasThere: boolean | undefined;
    this.#attempt(() => {
      wasThere = this.#bookmarks.remove(id);
      this.#expire();
    });
    return wasThere;
  }

  close(): void {
    this.#attempt(() => {
      this.#writeProgress();
      const hot = this.#hot;
      this.#hot = undefined;
      hot?.close({ whole: true });
      if (hot !== undefined)
        this.#kept.add({ sequence: this.#sequence, kind: 'hot', path: hot.path, bytes: hot.bytes });
      appendToJournal(this.#settings.directory, { kind: 'stop', at_ns: this.#nowNs() });
    });
    this.#progress.close();
    this.#update();
  }

  get #maxHotMs(): number {
    const { maxAgeMs } = this.#settings;
    return maxAgeMs === undefined ? MAX_HOT_MS : Math.min(MAX_HOT_MS, maxAgeMs / HOT_SHARE);
  }

  #nowNs(): bigint {
    return BigInt(Math.floor(this.#host.now())) * NS_PER_MS;
  }

  /** Runs an action on the open directory. A failure stops the recording; it is tried again after some time. */
  #attempt(action: () => void): void {
    if (this.#host.monotonic() < this.#retryAt) return;
    try {
      if (!this.#progress.isOpen) this.#open();
      if (this.#problem !== undefined) this.#resume(this.#problem);
      action();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    const hot = this.#hot;
    this.#hot = undefined;
    try {
      hot?.close({ whole: false });
    } catch {
      // The failure that is reported below came first.
    }
    this.#progress.close();
    this.#retryAt = this.#host.monotonic() + RETRY_MS;
    this.#counts.set('recording', 0);
    if (this.#problem === undefined) this.#host.changed({ problem: error.message });
    this.#problem = error.message;
  }

  #resume(problem: string): void {
    const { records } = this.#gap;
    this.#writeGap(problem);
    this.#problem = undefined;
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#counts.set('recording', 1);
    this.#host.changed({ lost: records });
  }

  #writeGap(cause: string): void {
    const gap = this.#gap.entry(cause);
    if (gap === undefined) return;
    appendToJournal(this.#settings.directory, gap);
    this.#gap.clear();
  }

  /** Opens the directory and adopts the files in it. */
  #open(): void {
    const { directory, node } = this.#settings;
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    this.#progress.requireFree(directory);
    requireSpace(directory);
    this.#maxBytes = this.#settings.maxBytes ?? defaultMaxBytes(directory);
    const found = adopt(directory);
    this.#kept.reset(found.files);
    this.#bookmarks.open();
    this.#sequence = found.sequence;
    if (!this.#hasStarted) {
      this.#recordMissing(found);
      appendToJournal(directory, { kind: 'start', at_ns: this.#nowNs(), node, version: this.#host.version });
    }
    for (const entry of this.#latest.values()) appendToJournal(directory, { ...entry, at_ns: this.#nowNs() });
    this.#progress.open(directory);
    this.#hasStarted = true;
    if (found.hot !== undefined) this.#continue(found.hot.file.path, found.hot.records);
    this.#writeProgress();
  }

  /** Notes the records that an earlier recorder took out of the rings and did not write: it was killed. */
  #recordMissing({ hot }: Adopted): void {
    const missing = this.#progress.missing(this.#settings.directory, (number) =>
      number === hot?.file.sequence ? hot.records.length / PACKET_LOG_SIZE : this.#kept.recordsOf(number),
    );
    if (missing === undefined) return;
    const now = this.#nowNs();
    const from_ns = BigInt(missing.sinceMs) * NS_PER_MS;
    const { records } = missing;
    appendToJournal(this.#settings.directory, { kind: 'gap', at_ns: now, from_ns, to_ns: now, records, cause: KILLED });
  }

  #continue(path: string, records: Uint8Array): void {
    this.#buffer.set(records);
    this.#hot = new HotFile(path, records.length);
    this.#hotSince = this.#host.now();
  }

  /** Returns the number of records written: no more than fit into the hot file. */
  #write(records: Uint8Array): number {
    this.#hot ??= new HotFile(join(this.#settings.directory, segmentName(++this.#sequence, 'hot')));
    const hot = this.#hot;
    const count = Math.min(records.length / PACKET_LOG_SIZE, MAX_SEGMENT_RECORDS - hot.records);
    const bytes = records.subarray(0, count * PACKET_LOG_SIZE);
    this.#buffer.set(bytes, hot.bytes);
    if (hot.records === 0) this.#hotSince = this.#host.now();
    hot.append(bytes);
    this.#counts.add('recorded', count);
    this.#handled += count;
    this.#writeProgress();
    if (hot.records === MAX_SEGMENT_RECORDS) this.#sealFull();
    return count;
  }

  /** A failure leaves the hot file to be sealed later: its records are recorded. */
  #sealFull(): void {
    try {
      this.#seal();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Seals the hot file; the next record starts another one. */
  #seal(): void {
    const hot = this.#hot;
    if (hot === undefined) return;
    this.#hot = undefined;
    hot.close({ whole: false });
    this.#kept.seal(this.#sequence, this.#buffer.subarray(0, hot.bytes));
    this.#writeProgress();
    this.#expire();
    this.#host.sealed();
  }

  /** All segments. The hot file counts with its largest size, because it can still grow. */
  #spans(): Span[] {
    const hot = this.#hot;
    if (hot === undefined || hot.records === 0) return [...this.#kept.all];
    const fromNs = oldestOf(this.#buffer.subarray(0, hot.bytes));
    const bytes = MAX_SEGMENT_RECORDS * PACKET_LOG_SIZE;
    return [...this.#kept.all, { sequence: this.#sequence, bytes, fromNs, toNs: this.#nowNs() }];
  }

  #expire(): void {
    this.#kept.protect(this.#bookmarks.protectedOf(this.#kept.all, this.#maxBytes));
    const { maxAgeMs } = this.#settings;
    const oldestNs = maxAgeMs === undefined ? undefined : this.#nowNs() - BigInt(maxAgeMs) * NS_PER_MS;
    this.#kept.expire(
      { maxBytes: this.#maxBytes, oldestNs },
      (this.#hot?.bytes ?? 0) + this.#journalBytes,
      this.#nowNs(),
    );
  }

  #compactJournal(): void {
    const { directory } = this.#settings;
    this.#journalBytes = journalBytes(directory);
    if (this.#journalBytes < this.#compactAt) return;
    compactJournal(directory, this.#kept.oldestNs ?? this.#nowNs(), this.#kept.all);
    this.#journalBytes = journalBytes(directory);
    // Not again before it has doubled: all of it may be needed.
    this.#compactAt = Math.max(MIN_COMPACTED_BYTES, 2 * this.#journalBytes);
  }

  #note(entry: JournalEntry): void {
    this.#latest.set(entry.kind, entry);
    this.#attempt(() => appendToJournal(this.#settings.directory, entry));
  }

  #writeProgress(): void {
    const hot = this.#hot;
    this.#progress.write(this.#handled, hot === undefined ? this.#sequence + 1 : this.#sequence, hot?.records ?? 0);
  }

  #update(): void {
    this.#counts.set('bytes', this.#kept.bytes + (this.#hot?.bytes ?? 0) + this.#journalBytes);
    const hotSinceNs =
      this.#hot === undefined || this.#hot.records === 0 ? 0n : BigInt(Math.floor(this.#hotSince)) * NS_PER_MS;
    this.#counts.set('oldest_ns', this.#kept.oldestUnmarkedNs ?? hotSinceNs);
    this.#counts.set('unsealed', this.#kept.unsealed);
  }
}
