import type { Rejection } from '@packetlog/common';

/** Data is stale after this time without a summary or a ledger, which come once a second. */
export const STALE_AFTER_MS = 3_000;

/** All times are readings of one monotonic clock, in ms. */
export type Connection =
  | { readonly state: 'no-token' }
  | { readonly state: 'connecting'; readonly since: number }
  | { readonly state: 'live'; readonly dataAt: number }
  | { readonly state: 'stale'; readonly dataAt: number }
  | { readonly state: 'rejected'; readonly rejection: Rejection }
  /** The connection was lost and is retried; `dataAt` is null if no data ever arrived. */
  | { readonly state: 'lost'; readonly since: number; readonly dataAt: number | null };

export type ConnectionEvent =
  /** A first attempt, "Try again", or a new token. */
  | { readonly type: 'opened'; readonly at: number }
  | { readonly type: 'no_token' }
  /** A `hello`, `summary` or `ledger` arrived. */
  | { readonly type: 'data'; readonly at: number }
  /** An attempt failed, or the connection broke. */
  | { readonly type: 'gone'; readonly at: number }
  | { readonly type: 'rejected'; readonly rejection: Rejection }
  | { readonly type: 'tick'; readonly at: number };

export function nextConnection(connection: Connection, event: ConnectionEvent): Connection {
  switch (event.type) {
    case 'opened':
      return { state: 'connecting', since: event.at };
    case 'no_token':
      return { state: 'no-token' };
    case 'rejected':
      return { state: 'rejected', rejection: event.rejection };
    case 'data':
      return { state: 'live', dataAt: event.at };
    case 'gone':
      // A server that rejects also closes the connection: the reason must survive that.
      if (connection.state === 'rejected' || connection.state === 'lost') return connection;
      return { state: 'lost', since: event.at, dataAt: dataAt(connection) };
    case 'tick':
      return connection.state === 'live' && event.at - connection.dataAt > STALE_AFTER_MS
        ? { state: 'stale', dataAt: connection.dataAt }
        : connection;
  }
}

/** Returns when data last arrived; null if unknown. */
export function dataAt(connection: Connection): number | null {
  return 'dataAt' in connection ? connection.dataAt : null;
}
