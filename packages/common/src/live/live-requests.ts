/**
 * Questions about the live sums of a filter (docs/filter.md), as socket.io events `live:*`. The first question about a
 * filter begins its sums; they are kept while a client asks about that filter. A client has one such filter: that of its
 * newest question, until `live:end` or the end of its connection. Times are ms since the Unix epoch.
 */
import * as z from 'zod/mini';
import { filterTextSchema } from '../filter/filter-text.ts';
import { HISTORY_COLUMNS, type HistoryColumn } from '../history/history-layout.ts';
import { coverageSchema } from '../past/coverage.ts';
import { forwards, time } from '../past/past-range.ts';

const count = z.int().check(z.nonnegative());

/** `to_ms` may lie in the future. */
export const liveRequestSchema = z
  .strictObject({ filter: filterTextSchema, from_ms: time, to_ms: time })
  .check(forwards);
export type LiveRequest = z.infer<typeof liveRequestSchema>;

export const liveEndRequestSchema = z.strictObject({});

const columns = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, z.array(count)])) as Record<
  HistoryColumn,
  z.ZodMiniArray<typeof count>
>;

/**
 * Sums of the records that match, by weight; as History. Step `i` covers `step_ms` from `first_at_ms + i * step_ms`. The
 * steps begin with that of `since_ms` or `from_ms` and end with that of `counted_to_ms` or `to_ms`. `lost` are records
 * that the sums may miss, whether they match or not: lost on their way to the filter, or not checked.
 */
export const liveRatesSchema = z.object({
  /** 1, 5 or 60 s: the shortest of which 400 cover the range, as far back as it is kept. */
  step_ms: count,
  /** A multiple of `step_ms`. */
  first_at_ms: time,
  columns: z.object(columns),
  /** Of the steps. */
  coverage: coverageSchema,
  /** When these sums began. */
  since_ms: time,
  /** The sums cover all packets up to this time. */
  counted_to_ms: time,
  /** All since `since_ms`. */
  total: coverageSchema,
});
export type LiveRates = z.infer<typeof liveRatesSchema>;

/** `series`: packets in each of up to 60 equal parts of the range. */
const volume = z.object({ packets: count, bytes: count, series: z.array(count) });

/** Summed from the top ten of each second, as HistoryTop. The range is extended to whole steps. */
export const liveTopSchema = z.object({
  from_ms: z.number(),
  to_ms: z.number(),
  /** Length of one point of each `series`, ms. */
  series_step_ms: count,
  sources: z.array(z.extend(volume, { addr: z.string() })),
  ports: z.array(z.extend(volume, { ip_protocol: count, port: count })),
  pairs: z.array(z.extend(volume, { src_addr: z.string(), dst_addr: z.string() })),
  /** Rules that decided about these packets. */
  rules: z.array(z.extend(volume, { rule_id: count })),
  since_ms: time,
});
export type LiveTop = z.infer<typeof liveTopSchema>;
