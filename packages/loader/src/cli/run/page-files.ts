/**
 * Reads the dashboard's files into memory once, so that later changes to the directory (a rebuild, a removal, no free
 * file descriptors) cannot affect a request, and the server process needs no access to them.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../errors/setup-error.ts';
import type { PageFile } from '../../ipc/server-messages.ts';

/** The built dashboard has 200 files, 3 MB in all; a directory with much more is probably the wrong one. */
const MAX_FILES = 5000;
const MAX_BYTES = 64 * 1024 * 1024;
/** Bounds a link that leads back to a parent directory. */
const MAX_DEPTH = 16;

/**
 * Returns every file below `directory` except those whose name begins with a dot. Throws SetupError for anything that
 * is not a plain file or directory, for a dangling link, for more files or bytes than a dashboard can have, and if there
 * is no index.html.
 */
export function readPageFiles(directory: string): PageFile[] {
  const files: PageFile[] = [];
  let bytes = 0;
  const read = (name: string, depth: number) => {
    if (depth > MAX_DEPTH) throw unfit(join(directory, name), `it is more than ${MAX_DEPTH} directories deep`);
    for (const entry of namesIn(join(directory, name)).sort()) {
      if (entry.startsWith('.')) continue;
      const inner = name === '' ? entry : `${name}/${entry}`;
      const path = join(directory, inner);
      if (kindOf(path) === 'directory') {
        read(inner, depth + 1);
        continue;
      }
      if (files.length === MAX_FILES) throw unfit(directory, `more than ${MAX_FILES} files are in it`);
      const file = readPlainFile(path, MAX_BYTES - bytes);
      if (file === undefined) throw unfit(directory, `more than ${MAX_BYTES / 1024 / 1024} MiB are in it`);
      bytes += file.content.byteLength;
      files.push({ name: inner, ...file });
    }
  };
  if (existsSync(directory)) read('', 0);
  if (files.some(({ name }) => name === 'index.html')) return files;
  throw new SetupError({
    step: 'serve dashboard',
    target: directory,
    problem: 'it has no index.html',
    next: 'Build it (pnpm build), name another directory with --ui DIR, or use --ui off.',
    exit: 'usage',
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    throw unfit(path, 'it cannot be read', cause);
  }
}

function kindOf(path: string): 'directory' | 'file' {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw unfit(path, isLink ? 'it is a dangling link' : 'it cannot be read', cause);
  }
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  throw unfit(path, 'it is neither a file nor a directory');
}

/** Returns undefined if the file is larger than `room` bytes. */
function readPlainFile(path: string, room: number): Omit<PageFile, 'name'> | undefined {
  let file: number | undefined;
  try {
    // O_NONBLOCK: the path may have become a FIFO since it was checked, and opening one blocks.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error('it is no longer a plain file');
    if (stats.size > room) return undefined;
    // Use the length from fstat: data appended since then is not read.
    const content = Buffer.allocUnsafeSlow(stats.size);
    let length = 0;
    while (length < content.byteLength) {
      const got = readSync(file, content, length, content.byteLength - length, length);
      if (got === 0) break;
      length += got;
    }
    return { content: content.subarray(0, length), modified: stats.mtime };
  } catch (cause) {
    throw unfit(path, 'it cannot be read', cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function unfit(target: string, problem: string, cause?: unknown): SetupError {
  const why = cause instanceof Error && !problem.includes('link') ? `${problem} (${cause.message})` : problem;
  return new SetupError({
    step: 'serve dashboard',
    target,
    problem: why,
    next: 'Name the directory of a built dashboard with --ui DIR, build it again (pnpm build), or use --ui off.',
    exit: 'usage',
    cause,
  });
}
