// @ts-check
import { setTimeout } from 'node:timers/promises';

/** Long, because an emulated machine is slow, especially on a busy host. */
const PATIENCE_S = 180;
const POLL_MS = 25;

/**
 * Calls `check` until it returns neither false nor undefined, and returns that value.
 * @template T
 * @param {() => T | Promise<T>} check
 * @param {string} what
 * @returns {Promise<Exclude<T, false | undefined>>}
 */
export async function until(check, what, patienceSeconds = PATIENCE_S) {
  const ends = performance.now() + patienceSeconds * 1000;
  for (;;) {
    const value = await check();
    if (value !== false && value !== undefined) return /** @type {Exclude<T, false | undefined>} */ (value);
    if (performance.now() > ends) throw new Error(`after ${patienceSeconds} s still not: ${what}`);
    await setTimeout(POLL_MS);
  }
}
