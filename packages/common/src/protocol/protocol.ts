/**
 * The socket.io protocol between a loader and its clients.
 *
 * - Transport: WebSocket only. `auth: { token, admin_token? }` in the handshake.
 * - Server to client: `hello` once, then `packets` (one binary attachment, see batch-layout.ts),
 *   `summary` and `ledger` once a second, `notice` for each event, `rules` after `hello` and after
 *   each change of the rules, `rule_counters` once a second, `bans` after `hello` and at most once a
 *   second when they change, `decision` for each new one.
 * - Client to server: `subscribe`, `pause`, `history*`, `live:*` (live/live-requests.ts), `past:*` (past/past-requests.ts),
 *   `names:*` (name-requests.ts), `rules:*` (rules/requests.ts) and `bans:*` (defence/ban-requests.ts); each with an
 *   acknowledgement.
 */
import * as z from 'zod/mini';
import type { BansEvents } from '../defence/ban-requests.ts';
import type { Bans, Decision } from '../defence/decision.ts';
import type { LimitLevels, LimitsTopRequest } from '../defence/limit-levels.ts';
import { filterProblemSchema, filterTextSchema } from '../filter/filter-text.ts';
import type { Findings } from '../findings/finding.ts';
import type { History, HistoryRequest, HistoryTop, HistoryTopRequest } from '../history/history.ts';
import type { LiveRates, LiveRequest, LiveTop } from '../live/live-requests.ts';
import type { PastDryRunReport, PastDryRunRequest } from '../past/past-dry-run.ts';
import type { PastLearned, PastLearnRequest } from '../past/past-learn.ts';
import type {
  Bookmark,
  FirstSeen,
  FirstSeenRequest,
  PastBookmarkRequest,
  PastCancelRequest,
  PastFacts,
  PastRates,
  PastRatesRequest,
  PastRows,
  PastRowsRequest,
  PastTop,
  PastTopRequest,
  PastUnbookmarkRequest,
} from '../past/past-requests.ts';
import { ACTIONS } from '../record/layout.ts';
import type { RulesEvents } from '../rules/requests.ts';
import type { RuleCounters, RulesSnapshot } from '../rules/snapshot.ts';
import { interfaceSchema, type Ledger } from './ledger.ts';
import {
  DEFAULT_ROWS_PER_SECOND,
  MAX_BATCHES_PER_SECOND,
  MAX_CREDENTIAL_CHARACTERS,
  MAX_ROWS_PER_SECOND,
  PROTOCOL_VERSION,
} from './limits.ts';
import type { Listener, Places, PlacesRequest, ReverseNames, ReverseNamesRequest } from './name-requests.ts';

const count = z.int().check(z.nonnegative());
const actionName = z.enum(Object.keys(ACTIONS) as [keyof typeof ACTIONS, ...(keyof typeof ACTIONS)[]]);

/** The first message on every connection. */
export const helloSchema = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  /** Version of the loader. */
  version: z.string(),
  /** Host name. */
  node: z.string(),
  /** Changes with every boot (/proc/sys/kernel/random/boot_id). */
  boot_id: z.string(),
  /** Changes with every start of the loader: counters restart at zero. */
  session_id: z.string(),
  started_at_ms: z.number(),
  interfaces: z.array(interfaceSchema),
  /** How records leave the kernel. */
  transport: z.enum(['array', 'ring', 'perf']),
  /** How a record gets its time (`--clock`), and how early it may be. */
  clock: z.object({ policy: z.enum(['precise', 'cached', 'auto']), error_ns: count }),
  limits: z.object({ max_rows_per_second: count }),
  /** Whether this connection sent the admin token, and may change rules. */
  admin: z.optional(z.boolean()),
});
export type Hello = z.infer<typeof helloSchema>;

const volume = z.object({ packets: count, bytes: count });
export type Volume = z.infer<typeof volume>;

/** Counts, not rates, for the last interval of about a second. */
export const summarySchema = z.object({
  at_ms: z.number(),
  /** Length of the interval; divide by it for rates. */
  interval_ms: z.number().check(z.positive()),
  /** Exact, from the kernel's counters. */
  total: volume,
  by_interface: z.array(z.extend(volume, { name: z.string() })),
  /** Packets by verdict, exact. */
  by_action: z.record(actionName, count),
  /** Part of `total.bytes`, exact. */
  denied_bytes: count,
  /** The following fields are computed from the records that reached the loader. */
  records: count,
  /** Highest weight of a record: 1, or N while the kernel samples 1 of N. */
  max_weight: z.int().check(z.positive()),
  by_protocol: z.array(z.extend(volume, { ip_protocol: count, ether_type: count })),
  top_sources: z.array(z.extend(volume, { addr: z.string() })),
  top_ports: z.array(z.extend(volume, { ip_protocol: count, port: count })),
  top_pairs: z.array(z.extend(volume, { src_addr: z.string(), dst_addr: z.string() })),
  /** Packets not counted in some top lists, because a table was full; the totals include them. */
  evicted: count,
});
export type Summary = z.infer<typeof summarySchema>;

export const noticeSchema = z.object({
  at_ms: z.number(),
  level: z.enum(['info', 'warning', 'error']),
  code: z.enum([
    'loss_began',
    'loss_ended',
    'interface_waiting',
    'interface_gone',
    'interface_returned',
    'interface_renamed',
    'attach_failed',
    'unwatched_packets',
    'clock_step',
    'shutting_down',
    'taken_over',
    'pinned',
    'server_restarted',
    'relay_ended',
    'rules_changed',
    'rules_reverted',
    'rules_fallback',
    'set_refused',
    'tls_rejected',
    'alert_fired',
    'alert_resolved',
    'alert_not_delivered',
    'alerts_rejected',
    'recording_stopped',
    'recording_resumed',
    'bookmarks_ignored',
    'bans_limited',
    'bans_not_stored',
  ]),
  /** A whole sentence, with the next step where there is one. */
  message: z.string(),
  interface: z.optional(z.string()),
  /** Number of records, for loss. */
  count: z.optional(count),
});
export type Notice = z.infer<typeof noticeSchema>;

export const subscribeSchema = z.strictObject({
  /** 0: no rows, only summaries and the ledger. */
  max_rows_per_second: z._default(z.int().check(z.minimum(0), z.maximum(MAX_ROWS_PER_SECOND)), DEFAULT_ROWS_PER_SECOND),
  /**
   * Maximum batches per second: waiting rows are sent together. Rows after a pause are sent at once, whatever the
   * limit; a client that draws needs no more than its frame rate. The loader sends less often when it has many clients.
   */
  max_batches_per_second: z._default(
    z.int().check(z.minimum(1), z.maximum(MAX_BATCHES_PER_SECOND)),
    MAX_BATCHES_PER_SECOND,
  ),
  /**
   * Selects rows, in the language of docs/filter.md; absent: all. Replaces the filter of an earlier subscription. The
   * row limit applies to rows that match.
   */
  filter: z.optional(filterTextSchema),
});
export type Subscribe = z.input<typeof subscribeSchema>;

export const pauseSchema = z.strictObject({ paused: z.boolean() });
export type Pause = z.infer<typeof pauseSchema>;

/** Why a request or a connection was rejected. `message` ends with the next step. */
export const rejectionSchema = z.object({
  code: z.enum([
    'unauthorized',
    'forbidden',
    'protocol_mismatch',
    'invalid',
    'too_many_clients',
    'unavailable',
    'internal',
  ]),
  message: z.string(),
  /** When the same request may be accepted; absent: a repetition would be rejected as well. */
  retry_after_ms: z.optional(count),
  /** Position in the text of `subscribe`'s filter. */
  filter: z.optional(filterProblemSchema),
});
export type Rejection = z.infer<typeof rejectionSchema>;

export type Acknowledgement<T> = { ok: true; value: T } | { ok: false; error: Rejection };

export const handshakeSchema = z.object({
  token: z.string().check(z.minLength(1), z.maxLength(MAX_CREDENTIAL_CHARACTERS)),
  /** For clients that change rules. */
  admin_token: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_CREDENTIAL_CHARACTERS))),
  /** The client's PROTOCOL_VERSION; absent means "any". */
  protocol: z.optional(z.int()),
});
export type Handshake = z.infer<typeof handshakeSchema>;

export interface ServerToClientEvents {
  hello: (hello: Hello) => void;
  /** One batch: see batch-layout.ts and PacketLogBatch. */
  packets: (batch: Uint8Array) => void;
  summary: (summary: Summary) => void;
  ledger: (ledger: Ledger) => void;
  notice: (notice: Notice) => void;
  /** Scans, floods and the like. Sent after `hello`, and at most once a second when they change. */
  findings: (findings: Findings) => void;
  /** Sent after `hello`, and at most once a second when they change. */
  bans: (bans: Bans) => void;
  /** Each new decision about a ban; at most 10 a second, of more the first. */
  decision: (decision: Decision) => void;
  rules: (rules: RulesSnapshot) => void;
  /** Only rules whose counters changed. */
  rule_counters: (counters: RuleCounters) => void;
}

export interface ClientToServerEvents extends RulesEvents, BansEvents {
  /** Acknowledged when it is in effect: every record that passes from then on counts for this client. */
  subscribe: (
    options: Subscribe,
    acknowledge: (result: Acknowledgement<{ max_rows_per_second: number }>) => void,
  ) => void;
  /**
   * A paused client gets no `packets` after the acknowledgement. All that passes during the pause counts as `withheld`,
   * without being filtered.
   */
  pause: (options: Pause, acknowledge: (result: Acknowledgement<{ paused: boolean }>) => void) => void;
  /** Returns the rates of the history at one resolution, up to now. */
  history: (options: HistoryRequest, acknowledge: (result: Acknowledgement<History>) => void) => void;
  /** Returns the top sources, ports, pairs and rules of a range of the history. */
  'history:top': (options: HistoryTopRequest, acknowledge: (result: Acknowledgement<HistoryTop>) => void) => void;
  /**
   * Returns rates of the packets that match a filter, from the live sums of that filter. Rejected (`unavailable`, with
   * `retry_after_ms`) while clients use as many other filters as a loader sums up at a time.
   */
  'live:rates': (options: LiveRequest, acknowledge: (result: Acknowledgement<LiveRates>) => void) => void;
  'live:top': (options: LiveRequest, acknowledge: (result: Acknowledgement<LiveTop>) => void) => void;
  /** Ends this client's use of its filter's live sums; `ended`: whether there were any. */
  'live:end': (options: object, acknowledge: (result: Acknowledgement<{ ended: boolean }>) => void) => void;
  /**
   * Levels of the limits in force, as the kernel has them. Rejected (`invalid`) if there is no such limit, and
   * (`unavailable`) where they cannot be read.
   */
  'limits:top': (options: LimitsTopRequest, acknowledge: (result: Acknowledgement<LimitLevels>) => void) => void;
  /**
   * Returns local processes with sockets that wait for packets. Rejected (`unavailable`) where the loader cannot tell.
   */
  'names:listeners': (options: object, acknowledge: (result: Acknowledgement<Listener[]>) => void) => void;
  /** Rejected (`unavailable`) unless the loader was started with `--reverse-dns`. */
  'names:reverse': (options: ReverseNamesRequest, acknowledge: (result: Acknowledgement<ReverseNames>) => void) => void;
  /**
   * Returns countries and networks of addresses. Rejected (`unavailable`) unless the loader was started with `--geoip`.
   */
  'names:places': (options: PlacesRequest, acknowledge: (result: Acknowledgement<Places>) => void) => void;
  /**
   * What is recorded on the disk, and how long it is kept. Of each event `past:*`, a client has one question at a time: a
   * newer one replaces an older one, which is then rejected (`unavailable`). All are rejected (`unavailable`) where
   * nothing is recorded, and with `retry_after_ms` while too many questions wait.
   */
  'past:facts': (options: object, acknowledge: (result: Acknowledgement<PastFacts>) => void) => void;
  /** Rates of a range, with the shortest of 1, 5, 10, 30 s, 1, 5, 15 min, 1, 6 h and 1 day that gives few enough steps. */
  'past:rates': (options: PastRatesRequest, acknowledge: (result: Acknowledgement<PastRates>) => void) => void;
  'past:top': (options: PastTopRequest, acknowledge: (result: Acknowledgement<PastTop>) => void) => void;
  'past:rows': (options: PastRowsRequest, acknowledge: (result: Acknowledgement<PastRows>) => void) => void;
  'past:first_seen': (options: FirstSeenRequest, acknowledge: (result: Acknowledgement<FirstSeen>) => void) => void;
  /**
   * Keeps a range from being deleted for age or room. Needs the admin token. Rejected (`invalid`) if it would take more
   * than half of the room, together with the other bookmarks.
   */
  'past:bookmark': (options: PastBookmarkRequest, acknowledge: (result: Acknowledgement<Bookmark>) => void) => void;
  /**
   * Evaluates rules over recorded packets, as `rules:test` does over live ones; also for read-only clients. One dry run
   * takes place at a time.
   */
  'past:dry_run': (
    options: PastDryRunRequest,
    acknowledge: (result: Acknowledgement<PastDryRunReport>) => void,
  ) => void;
  /** Finds the kinds of traffic that only some sources sent, and proposes rules that deny them. Nothing is changed. */
  'past:learn': (options: PastLearnRequest, acknowledge: (result: Acknowledgement<PastLearned>) => void) => void;
  /** Cancels this client's question of a kind, which is then rejected (`unavailable`); `cancelled`: whether there was one. */
  'past:cancel': (
    options: PastCancelRequest,
    acknowledge: (result: Acknowledgement<{ cancelled: boolean }>) => void,
  ) => void;
  /** Removes a bookmark. Needs the admin token. */
  'past:unbookmark': (
    options: PastUnbookmarkRequest,
    acknowledge: (result: Acknowledgement<{ id: number }>) => void,
  ) => void;
}
