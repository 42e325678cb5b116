import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Ends the sentence "still waiting for …". */
  readonly what: string;
  readonly deadlineMs?: number;
  /** What to show when the deadline passes: output, counters. */
  readonly evidence?: () => string;
}

const INTERVAL_MS = 20;
export const DEADLINE_MS = 120_000;

/** Asks again and again until `check` gives something other than false, null or undefined, and returns that. */
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
