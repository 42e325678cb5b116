/** Answers questions of clients about the live sums of a filter (`live:*`). */
import { liveEndRequestSchema, liveRequestSchema } from '@packetlog/common';
import { LIVE_END, liveCost } from './access/message-cost.ts';
import type { Client } from './client.ts';
import { liveRejection } from './live/live-limits.ts';
import { type LiveSums, summedFilter } from './live/live-sums.ts';
import { Unavailable } from './lookups.ts';
import type { RowsWanted } from './rows-wanted.ts';

export const LIVE_EVENTS = ['live:rates', 'live:top', 'live:end'] as const;

/** When a client may ask again that was rejected because there were too many filters. */
const FILTERS_RETRY_MS = 10_000;

interface LiveContext {
  /** All connected clients. */
  readonly clients: () => Iterable<Client>;
  readonly rowsWanted: RowsWanted;
  readonly live: LiveSums;
}

export function listenToLive(client: Client, context: LiveContext): void {
  const { socket } = client;
  socket.on('live:rates', (...given: unknown[]) => ask(client, context, 'rates', given));
  socket.on('live:top', (...given: unknown[]) => ask(client, context, 'top', given));
  socket.on('live:end', (...given: unknown[]) => end(client, context, given));
}

function ask(
  client: Client,
  { clients, rowsWanted, live }: LiveContext,
  question: 'rates' | 'top',
  given: readonly unknown[],
): void {
  // A page asks about the same filter again and again: its text is parsed once.
  const known = client.summed !== undefined && client.summed.text === filterOf(given[0]) ? client.summed : undefined;
  client.messages.lookup(
    () => liveCost(question, given[0], known !== undefined),
    liveRequestSchema,
    known === undefined ? given : [{ ...(given[0] as object), filter: '' }, ...given.slice(1)],
    ({ filter, from_ms, to_ms }, done, failed) => {
      const summed = known ?? summedFilter(filter);
      const isOther = client.summed?.key !== summed.key;
      const sums = isOther ? undefined : live.of(client);
      if (sums !== undefined) {
        done(sums.history[question](from_ms, to_ms));
        return;
      }
      const problem = liveRejection(client, summed.key, clients());
      if (problem !== undefined) {
        failed(new Unavailable(problem, FILTERS_RETRY_MS));
        return;
      }
      if (isOther) live.leave(client);
      client.summed = summed;
      rowsWanted.changed(client, () => {
        if (client.summed?.key !== summed.key)
          failed(new Unavailable('This question was replaced by a newer one, about another filter.'));
        else done(live.join(client, summed).history[question](from_ms, to_ms));
      });
    },
  );
}

function filterOf(request: unknown): unknown {
  return (request as { filter?: unknown } | null | undefined)?.filter;
}

function end(client: Client, { rowsWanted, live }: LiveContext, given: readonly unknown[]): void {
  client.messages.answer(
    () => LIVE_END,
    liveEndRequestSchema,
    given,
    (_, done) => {
      const ended = client.summed !== undefined;
      client.summed = undefined;
      live.leave(client);
      if (ended) rowsWanted.changed();
      done({ ended });
    },
  );
}
