/** The range of time in requests about recorded packets. */
import * as z from 'zod/mini';

/** The last time that a Date can have. */
const MAX_TIME_MS = 8.64e15;

/** ms since the Unix epoch. */
export const time = z.number().check(z.nonnegative(), z.maximum(MAX_TIME_MS));

export const forwards = z.refine<{ from_ms: number; to_ms: number }>(({ from_ms, to_ms }) => to_ms > from_ms, {
  error: 'to_ms must be later than from_ms',
});
