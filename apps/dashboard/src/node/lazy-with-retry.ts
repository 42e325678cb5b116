import { pageAge } from './page-age.ts';

/** Of a loader that is gone nothing can be fetched; it is asked again after so long. */
const AGAIN_AFTER_MS = 1_000;

/** The bundler's error names the file that did not come. */
const FILE = /\/_next\/static\/[\w.~/-]+/;

export interface Fetching {
  readonly againAfterMs?: number;
  readonly page?: string;
  /** Of a path at the loader that serves the page; null if there is no answer. */
  readonly statusOf?: (path: string) => Promise<number | null>;
  readonly sayOld?: () => void;
}

/**
 * Resolves with a part of the page that comes when it is needed, however long the loader is away meanwhile: a part that
 * cannot be fetched would otherwise take the whole page with it. Never, if the loader does not have it any more.
 */
export async function fetched<Part extends object>(
  fetchIt: () => Promise<Part>,
  fetching: Fetching = {},
): Promise<Part> {
  return (await fetchedIfThere(fetchIt, fetching)) ?? new Promise<never>(() => {});
}

/** As `fetched`; null if the loader does not have it any more, and then the page says that it is old. */
export async function fetchedIfThere<Part extends object>(
  fetchIt: () => Promise<Part>,
  { againAfterMs = AGAIN_AFTER_MS, sayOld = pageAge.sayOld, ...asking }: Fetching = {},
): Promise<Part | null> {
  for (;;) {
    try {
      return await fetchIt();
    } catch (error) {
      if (await isGone(String(error), asking)) {
        sayOld();
        return null;
      }
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
    }
  }
}

/** A loader that has no page either serves no dashboard now: another one may come. */
async function isGone(error: string, { page = location.pathname, statusOf = askedStatus }: Fetching): Promise<boolean> {
  const [file] = FILE.exec(error) ?? [];
  return file !== undefined && (await statusOf(file)) === 404 && (await statusOf(page)) === 200;
}

async function askedStatus(path: string): Promise<number | null> {
  try {
    return (await fetch(path, { method: 'HEAD', cache: 'no-store' })).status;
  } catch {
    return null;
  }
}
