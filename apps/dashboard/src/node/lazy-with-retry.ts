import { outdatedPage } from './outdated-page.ts';

/** Delay before the next attempt while the loader is unreachable. */
const RETRY_DELAY_MS = 1_000;

/** The path of the missing file in the bundler's error. */
const FILE = /\/_next\/static\/[\w.~/-]+/;

export interface LazyOptions {
  readonly retryDelayMs?: number;
  readonly page?: string;
  /** HTTP status of a path at the loader that serves the page; null without an answer. */
  readonly statusOf?: (path: string) => Promise<number | null>;
  readonly markOutdated?: () => void;
}

/**
 * Loads a lazy part of the page and retries while the loader is unreachable: a rejected import would unmount the whole
 * page. Never resolves if the loader no longer has the file.
 */
export async function lazyWithRetry<Part extends object>(
  load: () => Promise<Part>,
  options: LazyOptions = {},
): Promise<Part> {
  return (await lazyIfPresent(load, options)) ?? new Promise<never>(() => {});
}

/**
 * Like `lazyWithRetry`, but resolves with null if the loader no longer has the file, and marks the page as outdated.
 */
export async function lazyIfPresent<Part extends object>(
  load: () => Promise<Part>,
  { retryDelayMs = RETRY_DELAY_MS, markOutdated = outdatedPage.markOutdated, ...options }: LazyOptions = {},
): Promise<Part | null> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (await isGone(String(error), options)) {
        markOutdated();
        return null;
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}

/**
 * Returns whether the loader serves the page but not the file. A loader without the page has no dashboard; another one
 * may follow.
 */
async function isGone(
  error: string,
  { page = location.pathname, statusOf = fetchStatus }: LazyOptions,
): Promise<boolean> {
  const [file] = FILE.exec(error) ?? [];
  return file !== undefined && (await statusOf(file)) === 404 && (await statusOf(page)) === 200;
}

async function fetchStatus(path: string): Promise<number | null> {
  try {
    return (await fetch(path, { method: 'HEAD', cache: 'no-store' })).status;
  } catch {
    return null;
  }
}
