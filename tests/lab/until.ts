import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Completes the sentence "still waiting for …". */
  readonly what: string;
  readonly deadlineMs?: number;
  /** Shown at the deadline: output, counters. */
  readonly evidence?: () => string;
}

const INTERVAL_MS = 20;
export const DEADLINE_MS = 120_000;

/** Repeats `check` until it returns something other than false, null or undefined, and returns that. */
export async function until<T>(
  check: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const { what, deadlineMs = DEADLINE_MS, evidence } = options;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await check();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) {
      throw new Error(`after ${deadlineMs} ms still waiting for ${what}${evidence ? `\n${evidence()}` : ''}`);
    }
    await delay(INTERVAL_MS);
  }
}
