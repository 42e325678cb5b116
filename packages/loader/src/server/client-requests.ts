/** Handles what one client may request besides rules: rows, a pause and the lookups. */
import {
  type ClientToServerEvents,
  EVERYTHING,
  type Filter,
  parseFilter,
  pauseSchema,
  simplified,
  subscribeSchema,
} from '@packetlog/common';
import { PAUSE, subscribeCost } from './access/message-cost.ts';
import { BANS_EVENTS } from './bans-feed.ts';
import type { Client } from './client.ts';
import type { LiveSums } from './live/live-sums.ts';
import { LIVE_EVENTS, listenToLive } from './live-requests.ts';
import { type Lookups, Unavailable } from './lookups.ts';
import type { RowsWanted } from './rows-wanted.ts';
import { RULES_EVENTS } from './rules-feed.ts';
import { streamRejection } from './stream-limits.ts';

const KNOWN_EVENTS = new Set<string>(['subscribe', 'pause', ...LIVE_EVENTS, ...RULES_EVENTS, ...BANS_EVENTS]);
/** When a client may retry a subscription that was rejected for lack of streams. */
const STREAMS_RETRY_MS = 10_000;

export interface RequestContext {
  /** All connected clients. */
  readonly clients: () => Iterable<Client>;
  readonly rowsWanted: RowsWanted;
  readonly lookups: Lookups;
  readonly live: LiveSums;
}

export function listenTo(client: Client, context: RequestContext): void {
  const { socket, messages } = client;
  const { lookups } = context;
  socket.on('subscribe', (...given: unknown[]) => subscribe(client, context, given));
  socket.on('pause', (...given: unknown[]) => pause(client, context, given));
  listenToLive(client, context);
  for (const [event, { cost, schema, answer }] of lookups) {
    socket.on(event as keyof ClientToServerEvents, (...given: unknown[]) =>
      messages.lookup(
        () => cost(given[0]),
        schema,
        given,
        (input, done, failed) => {
          const value = answer(input, client.caller);
          if (value instanceof Promise) value.then(done, failed);
          else done(value);
        },
      ),
    );
  }
  // The parser also accepts numbers and missing values as event names.
  socket.onAny((event: unknown) => {
    const name = String(event);
    if (!KNOWN_EVENTS.has(name) && !lookups.has(name)) messages.unknown(name);
  });
}

function subscribe(client: Client, { clients, rowsWanted }: RequestContext, given: readonly unknown[]): void {
  const text = (given[0] as { filter?: unknown } | null | undefined)?.filter;
  client.messages.answer(
    () => subscribeCost(text),
    subscribeSchema,
    given,
    ({ filter, ...limits }, done, failed) => {
      const rowsPerSecond = limits.max_rows_per_second;
      const batchMs = 1000 / limits.max_batches_per_second;
      const subscription = { rowsPerSecond, batchMs, filter: filterOf(filter) };
      const problem = streamRejection(client, subscription, clients());
      if (problem !== undefined) {
        failed(new Unavailable(problem, STREAMS_RETRY_MS));
        return;
      }
      client.requested = subscription;
      rowsWanted.changed(client, () => {
        client.subscribe(subscription);
        done({ max_rows_per_second: rowsPerSecond });
      });
    },
  );
}

function pause(client: Client, { rowsWanted }: RequestContext, given: readonly unknown[]): void {
  client.messages.answer(
    () => PAUSE,
    pauseSchema,
    given,
    ({ paused }, done) => {
      client.pauseRequested = paused;
      // Stops sending immediately; after a resume, rows are sent once the drain thread passes them on.
      if (paused) client.pause(true);
      rowsWanted.changed(client, () => {
        client.pause(client.pauseRequested);
        done({ paused });
      });
    },
  );
}

/** Returns undefined if the filter matches everything: then rows are neither all fetched nor checked. */
function filterOf(text: string | undefined): Filter | undefined {
  const filter = text === undefined ? EVERYTHING : simplified(parseFilter(text));
  return filter.kind === 'all' ? undefined : filter;
}
