/**
 * `bookmarks.json`, which lies beside the segments: ranges that retention keeps. The recorder writes it; commands and
 * the thread for questions read it.
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeAll } from '../../write-all.ts';
import { ifPresent } from './if-present.ts';

/** Text in the file: nanoseconds exceed 2^53. */
const ns = z.codec(z.string().check(z.regex(/^\d{1,20}$/)), z.bigint().check(z.nonnegative()), {
  decode: (text) => BigInt(text),
  encode: (value) => String(value),
});
const count = z.int().check(z.nonnegative());

/** Fields of later versions are kept. */
const bookmarksSchema = z.looseObject({
  /** Greater than every id that was ever used. */
  next_id: count,
  bookmarks: z.array(z.looseObject({ id: count, from_ns: ns, to_ns: ns, note: z.string() })),
});
export type Bookmarks = z.output<typeof bookmarksSchema>;
export type StoredBookmark = Bookmarks['bookmarks'][number];

const NONE: Bookmarks = { next_id: 1, bookmarks: [] };
const OWNER_ONLY = 0o600;

function bookmarksPath(directory: string): string {
  return join(directory, 'bookmarks.json');
}

/** Returns no bookmarks if there is no file, and undefined if it is damaged. Throws the error of the file system. */
export function readBookmarks(directory: string): Bookmarks | undefined {
  const text = ifPresent(() => readFileSync(bookmarksPath(directory), 'utf8'));
  if (text === undefined) return NONE;
  try {
    return z.safeDecode(bookmarksSchema, JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Atomic. Throws the error of the file system. */
export function writeBookmarks(directory: string, bookmarks: Bookmarks): void {
  const path = bookmarksPath(directory);
  const fd = openSync(`${path}.tmp`, 'w', OWNER_ONLY);
  try {
    writeAll(fd, `${JSON.stringify(z.encode(bookmarksSchema, bookmarks))}\n`);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.tmp`, path);
}

/** Moves a damaged file aside, so that it is not overwritten. Returns its new path. */
export function setBookmarksAside(directory: string): string {
  const path = bookmarksPath(directory);
  ifPresent(() => renameSync(path, `${path}.damaged`));
  return `${path}.damaged`;
}
