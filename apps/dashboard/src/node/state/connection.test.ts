import type { Rejection } from '@packetlog/common';
import { expect, test } from 'vitest';
import { type Connection, type ConnectionEvent, nextConnection, STALE_AFTER_MS } from './connection.ts';

const rejection: Rejection = { code: 'unauthorized', message: 'The token is not valid.' };

function after(...events: ConnectionEvent[]): Connection {
  return events.reduce<Connection>(nextConnection, { state: 'connecting', since: 0 });
}

test('the first data makes a connection live', () => {
  expect(after({ type: 'opened', at: 5 }, { type: 'data', at: 40 })).toEqual({ state: 'live', dataAt: 40 });
});

test('a connection is stale after more than three seconds without data, and live again with the next data', () => {
  const live: ConnectionEvent = { type: 'data', at: 100 };
  expect(after(live, { type: 'tick', at: 100 + STALE_AFTER_MS }).state).toBe('live');
  const stale = after(live, { type: 'tick', at: 101 + STALE_AFTER_MS });
  expect(stale).toEqual({ state: 'stale', dataAt: 100 });
  expect(nextConnection(stale, { type: 'data', at: 9_000 })).toEqual({ state: 'live', dataAt: 9_000 });
});

test('a broken connection is lost since it broke, also after failed attempts', () => {
  const lost = after(
    { type: 'data', at: 100 },
    { type: 'gone', at: 700 },
    { type: 'gone', at: 1_700 },
    { type: 'tick', at: 9_000 },
  );
  expect(lost).toEqual({ state: 'lost', since: 700, dataAt: 100 });
});

test('a loader that never answered is lost without any data', () => {
  expect(after({ type: 'gone', at: 30 })).toEqual({ state: 'lost', since: 30, dataAt: null });
});

test('closing the transport does not hide a rejection', () => {
  expect(after({ type: 'rejected', rejection }, { type: 'gone', at: 3 })).toEqual({ state: 'rejected', rejection });
});

test('"Try again" and a new token end a rejection', () => {
  expect(after({ type: 'rejected', rejection }, { type: 'opened', at: 8 })).toEqual({ state: 'connecting', since: 8 });
});

test('without a token there is no attempt', () => {
  expect(after({ type: 'no_token' }, { type: 'tick', at: 99_000 })).toEqual({ state: 'no-token' });
});
