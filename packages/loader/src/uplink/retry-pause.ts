/** How long a node waits before it dials a hub again. Random, so that the nodes of a hub do not return all at once. */

/** When a hub is restarted, all of its nodes dial again. */
const FIRST_MS = 10_000;
const MAX_MS = 30_000;
/** After a rejection that a person has to deal with. */
const REJECTED_MS = 60_000;
const LAST_DOUBLING = 2;

/** Returns a random time up to 10 s, 20 s, 30 s ("full jitter"). `failures`: from 1. `random`: from 0 up to 1. */
export function retryPause(failures: number, random: number): number {
  return random * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, LAST_DOUBLING));
}

/** Returns how long to wait after a rejection; `afterMs`: what the hub said, undefined if a person has to act. */
export function rejectedPause(afterMs: number | undefined, random: number): number {
  const base = afterMs ?? REJECTED_MS;
  return base + random * base;
}
