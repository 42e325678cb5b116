/** The history as the loader keeps it: rates per step, and the top sources. */
import * as z from 'zod/mini';
import { HISTORY_COLUMNS, type HistoryColumn } from './history-layout.ts';

const count = z.int().check(z.nonnegative());

export const historyRequestSchema = z.strictObject({
  step_ms: z.union([z.literal(1000), z.literal(5000), z.literal(60_000)]),
});
export type HistoryRequest = z.infer<typeof historyRequestSchema>;

const columns = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, z.array(count)])) as Record<
  HistoryColumn,
  z.ZodMiniArray<typeof count>
>;

/** Bucket `i` covers `step_ms` from `first_at_ms + i * step_ms`; the last one is incomplete. */
export const historySchema = z.object({
  step_ms: count,
  /** A multiple of `step_ms`, in ms since the Unix epoch; buckets before the loader's start are omitted. */
  first_at_ms: z.number(),
  columns: z.object(columns),
});
export type History = z.infer<typeof historySchema>;

/**
 * The loader extends the range to whole buckets of the finest step that still covers it, and limits it to the history
 * that it keeps.
 */
export const historyTopRequestSchema = z
  .strictObject({ from_ms: z.number().check(z.nonnegative()), to_ms: z.number().check(z.positive()) })
  .check(z.refine(({ from_ms, to_ms }) => to_ms > from_ms, { error: 'to_ms must be later than from_ms' }));
export type HistoryTopRequest = z.infer<typeof historyTopRequestSchema>;

/** `series`: packets in each of up to 60 equal parts of the range. */
const volume = z.object({ packets: count, bytes: count, series: z.array(count) });

/**
 * Top sources, ports, pairs and rules of a range, most packets first. Summed from the top ten of each second: an entry
 * that was never among the ten is missing, and one that was only sometimes counts for less than its real traffic.
 */
export const historyTopSchema = z.object({
  from_ms: z.number(),
  to_ms: z.number(),
  /** Length of one point of each `series`, ms. */
  series_step_ms: count,
  sources: z.array(z.extend(volume, { addr: z.string(), first_seen_ms: z.number() })),
  ports: z.array(z.extend(volume, { ip_protocol: count, port: count })),
  pairs: z.array(z.extend(volume, { src_addr: z.string(), dst_addr: z.string() })),
  /** Exact: from the counter of each rule. */
  rules: z.array(z.extend(volume, { rule_id: count })),
  /** Sources of this range that were not seen before it; empty if the loader has not run for longer than the range. */
  new_sources: z.array(z.object({ addr: z.string(), first_seen_ms: z.number(), packets: count })),
});
export type HistoryTop = z.infer<typeof historyTopSchema>;
