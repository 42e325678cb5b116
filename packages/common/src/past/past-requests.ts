/**
 * Questions about recorded packets (docs/history.md), as socket.io events `past:*`. Times are ms since the Unix epoch;
 * `from_ms` is in the range, `to_ms` is not. All are rejected with `unavailable` where nothing is recorded.
 */
import * as z from 'zod/mini';
import { readAddress } from '../address/address.ts';
import { filterTextSchema } from '../filter/filter-text.ts';
import { HISTORY_COLUMNS, type HistoryColumn } from '../history/history-layout.ts';
import { coverageSchema } from './coverage.ts';
import { pastDryRunRequestSchema } from './past-dry-run.ts';
import { pastLearnRequestSchema } from './past-learn.ts';
import {
  MAX_BOOKMARK_NOTE,
  MAX_PAST_ADDRESSES,
  MAX_PAST_ROWS,
  MAX_PAST_STEPS,
  MAX_PAST_TOP,
  SOURCE_GROUPS,
} from './past-limits.ts';
import { forwards, time } from './past-range.ts';

const count = z.int().check(z.nonnegative());
const rangeShape = {
  from_ms: time,
  to_ms: time,
  /** Only these packets; absent: all. */
  filter: z.optional(filterTextSchema),
};

/** A range with a note, which retention keeps. `bytes`: of all segments with packets of it. */
export const bookmarkSchema = z.object({ id: count, from_ms: time, to_ms: time, note: z.string(), bytes: count });
export type Bookmark = z.infer<typeof bookmarkSchema>;

export const pastBookmarkRequestSchema = z
  .strictObject({
    from_ms: time,
    to_ms: time,
    /** One line. */
    note: z.string().check(z.maxLength(MAX_BOOKMARK_NOTE), z.regex(/^\P{C}*$/u, { error: 'write one line of text' })),
  })
  .check(forwards);
export type PastBookmarkRequest = z.infer<typeof pastBookmarkRequestSchema>;

export const pastUnbookmarkRequestSchema = z.strictObject({ id: count });
export type PastUnbookmarkRequest = z.infer<typeof pastUnbookmarkRequestSchema>;

export const pastFactsRequestSchema = z.strictObject({});
export const pastFactsSchema = z.object({
  /** Time of the oldest and newest record; 0: there is none. */
  oldest_ms: count,
  newest_ms: count,
  bytes: count,
  max_bytes: count,
  /** Age at which records are deleted; absent: only for room. */
  keep_ms: z.optional(count),
  /** Addresses are recorded as networks. */
  is_anonymized: z.boolean(),
  bookmarks: z.array(bookmarkSchema),
});
export type PastFacts = z.infer<typeof pastFactsSchema>;

export const pastRatesRequestSchema = z
  .strictObject({ ...rangeShape, max_steps: z.int().check(z.minimum(1), z.maximum(MAX_PAST_STEPS)) })
  .check(forwards);
export type PastRatesRequest = z.infer<typeof pastRatesRequestSchema>;

const columns = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, z.array(count)])) as Record<
  HistoryColumn,
  z.ZodMiniArray<typeof count>
>;

/** As History. Step `i` covers `step_ms` from `first_at_ms + i * step_ms`; all steps of the range are there. */
export const pastRatesSchema = z.object({
  step_ms: count,
  /** A multiple of `step_ms`. */
  first_at_ms: time,
  columns: z.object(columns),
  coverage: coverageSchema,
});
export type PastRates = z.infer<typeof pastRatesSchema>;

export const pastTopRequestSchema = z
  .strictObject({
    ...rangeShape,
    limit: z._default(z.int().check(z.minimum(1), z.maximum(MAX_PAST_TOP)), 10),
    /** Also groups all sources. AS and country need files of --geoip. */
    group: z.optional(z.enum(SOURCE_GROUPS)),
  })
  .check(forwards);
export type PastTopRequest = z.input<typeof pastTopRequestSchema>;

const volume = z.object({ packets: count, bytes: count });
/** `distinct`: of all values; `others`: of all that are not listed. */
const listOf = <Shape extends Record<string, z.ZodMiniType>>(shape: Shape) =>
  z.object({ entries: z.array(z.extend(volume, shape)), others: volume, distinct: count });

/** Exact, most packets first. */
export const pastTopSchema = z.object({
  sources: listOf({
    addr: z.string(),
    /** Distinct destination ports. */
    ports: count,
  }),
  ports: listOf({ ip_protocol: count, port: count }),
  pairs: listOf({ src_addr: z.string(), dst_addr: z.string() }),
  rules: listOf({ rule_id: count }),
  interfaces: listOf({ name: z.string() }),
  /** All sources, grouped as asked; absent: not asked for, or not possible. */
  groups: z.optional(
    listOf({
      /** `203.0.113.0/24`, `AS64496` or `NZ`; '': all sources of which the files know none. */
      name: z.string(),
      /** Of the AS or the country, if the files have a name. */
      title: z.optional(z.string()),
      /** Distinct sources. */
      sources: count,
      /**
       * Networks that have all these sources, and no others that were seen; absent: there are more than
       * MAX_GROUP_NETWORKS. Of an AS or a country, those of the files.
       */
      networks: z.optional(z.array(z.string())),
    }),
  ),
  /** Why the sources cannot be grouped as asked: whole sentences. */
  groups_problem: z.optional(z.string()),
  coverage: coverageSchema,
});
export type PastTop = z.infer<typeof pastTopSchema>;

export const pastRowsRequestSchema = z
  .strictObject({
    ...rangeShape,
    limit: z.int().check(z.minimum(1), z.maximum(MAX_PAST_ROWS)),
    /** `next` of an earlier answer: the rows before those. */
    before: z.optional(
      z.string().check(z.regex(/^\d{1,20}-\d{1,15}-\d{1,5}$/, { error: 'write the next of an answer' })),
    ),
  })
  .check(forwards);
export type PastRowsRequest = z.infer<typeof pastRowsRequestSchema>;

export const pastRowsSchema = z.object({
  /** Records in the layout of PACKET_LOG_FIELDS, oldest first, in base64; the newest of the range that match. */
  records: z.string(),
  /** Names that interfaces had in the time of these records. */
  interfaces: z.array(z.object({ ifindex: count, name: z.string() })),
  /** For the request of the rows before these; absent: there are none. */
  next: z.optional(z.string()),
});
export type PastRows = z.infer<typeof pastRowsSchema>;

const address = z
  .string()
  .check(z.refine((text) => readAddress(text) !== undefined, { error: 'write an IPv4 or IPv6 address' }));

export const firstSeenRequestSchema = z.strictObject({
  addresses: z.array(address).check(z.minLength(1), z.maxLength(MAX_PAST_ADDRESSES)),
});
export type FirstSeenRequest = z.infer<typeof firstSeenRequestSchema>;

/** By address: time of its first record as a source; an address that was never recorded is absent. */
export const firstSeenSchema = z.record(z.string(), time);
export type FirstSeen = z.infer<typeof firstSeenSchema>;

const QUESTIONS = ['facts', 'rates', 'top', 'rows', 'first_seen', 'dry_run', 'learn'] as const;
/** Cancels the client's question of this kind, if it waits for an answer. */
export const pastCancelRequestSchema = z.strictObject({ question: z.enum(QUESTIONS) });
export type PastCancelRequest = z.infer<typeof pastCancelRequestSchema>;

/** By the event's name behind `past:`. */
export const pastRequestSchemas = {
  facts: pastFactsRequestSchema,
  rates: pastRatesRequestSchema,
  top: pastTopRequestSchema,
  rows: pastRowsRequestSchema,
  first_seen: firstSeenRequestSchema,
  bookmark: pastBookmarkRequestSchema,
  unbookmark: pastUnbookmarkRequestSchema,
  dry_run: pastDryRunRequestSchema,
  learn: pastLearnRequestSchema,
  cancel: pastCancelRequestSchema,
} as const;
export type PastVerb = keyof typeof pastRequestSchemas;
