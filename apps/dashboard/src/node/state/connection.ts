import type { Refusal } from '@packetlog/common';

/** After so long without a summary or a ledger (they come once a second) the state is old. */
export const STALE_AFTER_MS = 3_000;

/** All times are readings of one monotonic clock, in ms. */
export type Connection =
  | { readonly state: 'no-token' }
  | { readonly state: 'connecting'; readonly since: number }
  | { readonly state: 'live'; readonly dataAt: number }
  | { readonly state: 'stale'; readonly dataAt: number }
  | { readonly state: 'rejected'; readonly rejection: Refusal }
  /** The transport is gone and is being sought again; `dataAt` is null if there never was one. */
  | { readonly state: 'lost'; readonly since: number; readonly dataAt: number | null };

export type ConnectionEvent =
  /** A token is at hand and the first attempt begins. Also "Try again", and a new token. */
  | { readonly type: 'opened'; readonly at: number }
  | { readonly type: 'no_token' }
  /** `hello`, `summary` or `ledger` came. */
  | { readonly type: 'data'; readonly at: number }
  /** An attempt failed, or an open transport broke. */
  | { readonly type: 'gone'; readonly at: number }
  | { readonly type: 'rejected'; readonly rejection: Refusal }
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
      // A server that refuses closes the transport as well: the reason outlives the closing.
      if (connection.state === 'rejected' || connection.state === 'lost') return connection;
      return { state: 'lost', since: event.at, dataAt: dataAt(connection) };
    case 'tick':
      return connection.state === 'live' && event.at - connection.dataAt > STALE_AFTER_MS
        ? { state: 'stale', dataAt: connection.dataAt }
        : connection;
  }
}

/** When the last data came, as far as this state knows. */
export function dataAt(connection: Connection): number | null {
  return 'dataAt' in connection ? connection.dataAt : null;
}
