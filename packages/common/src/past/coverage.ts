/** How much of a range of recorded packets an answer covers. */
import * as z from 'zod/mini';
import { time } from './past-range.ts';

const count = z.int().check(z.nonnegative());

/** What is missing in a range, one entry for each cause. */
export const missingSchema = z.object({
  /**
   * `uncounted`: in the `others` of a top list, because there were more values than are counted. Only of live sums:
   * `unchecked`, not checked against the filter for lack of time; `not_counted`, before the sums began.
   */
  kind: z.enum(['lost', 'expired', 'forgotten', 'not_recorded', 'damaged', 'uncounted', 'unchecked', 'not_counted']),
  /** Undefined: without a limit on this side, or not known. */
  from_ms: z.optional(time),
  to_ms: z.optional(time),
  /** Records, or for `damaged` segments; absent where it is not known. */
  count: z.optional(count),
  /** A whole sentence. */
  message: z.string(),
});
export type Missing = z.infer<typeof missingSchema>;

/** How much of a range an answer covers: complete if `missing` is empty and `records` equals `packets`. */
export const coverageSchema = z.object({
  /** Sum of the weights of the records that were selected. */
  packets: count,
  records: count,
  missing: z.array(missingSchema),
});
export type Coverage = z.infer<typeof coverageSchema>;
