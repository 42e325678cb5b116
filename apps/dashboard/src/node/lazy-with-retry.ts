import { outdatedPage } from './outdated-page.ts';

/** Of a loader that is gone nothing can be fetched; it is asked again after so long. */
const AGAIN_AFTER_MS = 1_000;

/** The bundler's error names the file that did not come. */
const FILE = /\/_next\/static\/[\w.~/-]+/;

export interface LazyOptions {
  readonly againAfterMs?: number;
  readonly page?: string;
  /** Of a path at the loader that serves the page; null if there is no answer. */
  readonly statusOf?: (path: string) => Promise<number | null>;
  readonly markOutdated?: () => void;
}

/**
 * Resolves with a part of the page that comes when it is needed, however long the loader is away meanwhile: a part that
 * cannot be fetched would otherwise take the whole page with it. Never, if the loader does not have it any more.
 */
export async function lazyWithRetry<Part extends object>(
  load: () => Promise<Part>,
  fetching: LazyOptions = {},
): Promise<Part> {
  return (await lazyIfPresent(load, fetching)) ?? new Promise<never>(() => {});
}

/** As `lazyWithRetry`; null if the loader does not have it any more, and then the page says that it is old. */
export async function lazyIfPresent<Part extends object>(
  load: () => Promise<Part>,
  { againAfterMs = AGAIN_AFTER_MS, markOutdated = outdatedPage.markOutdated, ...asking }: LazyOptions = {},
): Promise<Part | null> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (await isGone(String(error), asking)) {
        markOutdated();
        return null;
      }
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
    }
  }
}

/** A loader that has no page either serves no dashboard now: another one may come. */
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
