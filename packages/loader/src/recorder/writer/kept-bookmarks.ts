/** The bookmarks of a directory: which segments they keep, within their share of the room. */
import { MAX_BOOKMARKS } from '@packetlog/common';
import {
  type Bookmarks,
  readBookmarks,
  type StoredBookmark,
  setBookmarksAside,
  writeBookmarks,
} from '../format/bookmarks.ts';
import type { KeptSegment } from './retention.ts';

/** Part of the room that bookmarks may take. */
const SHARE = 2;
const MIB = 2 ** 20;

/** A segment and the times of its records. */
export interface Span extends Pick<KeptSegment, 'sequence' | 'bytes' | 'toNs'> {
  readonly fromNs: bigint;
}

export interface NewBookmark {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly note: string;
}

/** A bookmark with the bytes of its segments, or why there is none, as a sentence. */
export type BookmarkResult =
  | { readonly bookmark: StoredBookmark; readonly bytes: number }
  | { readonly problem: string };

export class KeptBookmarks {
  readonly #directory: string;
  readonly #warn: (sentences: string) => void;
  /** Ids of those for which there is no room, as text. */
  #without = '';
  #stored: Bookmarks = { next_id: 1, bookmarks: [] };

  /** `warn` is called when bookmarks no longer keep their packets. */
  constructor(directory: string, warn: (sentences: string) => void) {
    this.#directory = directory;
    this.#warn = warn;
  }

  /** Reads the file. A damaged one is moved aside. Throws the error of the file system, as do `add` and `remove`. */
  open(): void {
    const read = readBookmarks(this.#directory);
    if (read === undefined) this.#warn(damagedText(setBookmarksAside(this.#directory)));
    this.#stored = read ?? { next_id: 1, bookmarks: [] };
  }

  /** `segments`: all; `maxBytes`: what all files may take. */
  add(wanted: NewBookmark, segments: readonly Span[], maxBytes: number): BookmarkResult {
    const { next_id, bookmarks } = this.#stored;
    if (bookmarks.length >= MAX_BOOKMARKS) {
      return { problem: `There are ${MAX_BOOKMARKS} bookmarks already. Remove one that is not needed.` };
    }
    const bookmark = { id: next_id, from_ns: wanted.fromNs, to_ns: wanted.toNs, note: wanted.note };
    const own = segments.filter((segment) => isIn(bookmark, segment));
    if (own.length === 0) return { problem: 'No packets are recorded in this range. Choose another one.' };
    const all = new Set([...bookmarks, bookmark].flatMap((each) => segments.filter((segment) => isIn(each, segment))));
    const [bytes, most] = [sizeOf(all), maxBytes / SHARE];
    if (bytes > most) {
      const problem = `All bookmarks together would take ${mib(bytes)}, and may take ${mib(most)}, half of --record-size. Choose a shorter range, or remove a bookmark.`;
      return { problem };
    }
    this.#store({ ...this.#stored, next_id: next_id + 1, bookmarks: [...bookmarks, bookmark] });
    return { bookmark, bytes: sizeOf(own) };
  }

  /** Returns whether it existed. */
  remove(id: number): boolean {
    const bookmarks = this.#stored.bookmarks.filter((bookmark) => bookmark.id !== id);
    if (bookmarks.length === this.#stored.bookmarks.length) return false;
    this.#store({ ...this.#stored, bookmarks });
    return true;
  }

  /**
   * Returns the numbers of the segments to keep. A bookmark for which there is no room, because the limit has become
   * lower, keeps none; earlier bookmarks go first.
   */
  protectedOf(segments: readonly Span[], maxBytes: number): ReadonlySet<number> {
    const kept = new Set<Span>();
    const without: StoredBookmark[] = [];
    for (const bookmark of this.#stored.bookmarks) {
      const more = segments.filter((segment) => isIn(bookmark, segment) && !kept.has(segment));
      if (sizeOf(kept) + sizeOf(more) > maxBytes / SHARE) without.push(bookmark);
      else for (const segment of more) kept.add(segment);
    }
    this.#warnOf(without, maxBytes);
    return new Set([...kept].map(({ sequence }) => sequence));
  }

  /** Warns when other bookmarks than before have no room. */
  #warnOf(without: readonly StoredBookmark[], maxBytes: number): void {
    const ids = without.map(({ id }) => id).join(', ');
    if (ids !== '' && ids !== this.#without) this.#warn(noRoomText(ids, maxBytes / SHARE));
    this.#without = ids;
  }

  #store(bookmarks: Bookmarks): void {
    writeBookmarks(this.#directory, bookmarks);
    this.#stored = bookmarks;
  }
}

function isIn({ from_ns, to_ns }: StoredBookmark, { fromNs, toNs }: Span): boolean {
  return toNs >= from_ns && fromNs < to_ns;
}

function damagedText(path: string): string {
  return `The bookmarks of recorded packets could not be read, so they keep no packets. Their file was renamed to ${path}: repair and rename it, and restart packetlog, or bookmark the ranges again.`;
}

function noRoomText(ids: string, most: number): string {
  return `All bookmarks together may keep ${mib(most)}, half of --record-size, so these keep no packets: ${ids}. Raise --record-size, or remove other bookmarks.`;
}

function sizeOf(segments: Iterable<Span>): number {
  let bytes = 0;
  for (const segment of segments) bytes += segment.bytes;
  return bytes;
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
