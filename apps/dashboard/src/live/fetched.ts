/** Of a loader that is gone nothing can be fetched; it is asked again after so long. */
const AGAIN_AFTER_MS = 1_000;

/**
 * Resolves with a part of the page that comes when it is needed, however long the loader is away meanwhile: a part that
 * cannot be fetched would otherwise take the whole page with it.
 */
export async function fetched<Part>(fetchIt: () => Promise<Part>, againAfterMs = AGAIN_AFTER_MS): Promise<Part> {
  for (;;) {
    try {
      return await fetchIt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
    }
  }
}
