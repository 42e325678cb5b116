/** The page's connection, with a fake socket. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Store } from '../state/store.ts';
import { LoaderConnection } from './loader-connection.ts';

type SentRequest = { event: string; request: Record<string, unknown>; answer: (answer: unknown) => void };

const sent: SentRequest[] = [];
const listeners = new Map<string, ((argument?: unknown) => void)[]>();
let connected = false;
let connects = 0;

const socket = {
  get connected() {
    return connected;
  },
  on: (event: string, listener: () => void) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
  emit: (event: string, request: Record<string, unknown>, answer: (answer: unknown) => void) =>
    sent.push({ event, request, answer }),
  connect: () => connects++,
  disconnect: () => {},
  removeAllListeners: () => listeners.clear(),
};

const BUSY = { ok: false, error: { code: 'invalid', message: 'Too many. Retry in 2 s.', retry_after_ms: 2000 } };
const ACCEPTED = { ok: true, value: { max_rows_per_second: 7 } };

let store: Store;
let connection: LoaderConnection;

function happen(event: 'connect' | 'disconnect', argument?: unknown): void {
  connected = event === 'connect';
  for (const listener of listeners.get(event) ?? []) listener(argument);
}

/** Removes all requests, and returns those of this event since the last call. */
function taken(event: string): SentRequest[] {
  return sent.splice(0).filter((request) => request.event === event);
}

const figures = () => store.state.figures(performance.now());

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubGlobal('requestAnimationFrame', () => 1);
  sent.length = 0;
  listeners.clear();
  store = new Store();
  const target = { loader: 'http://loader.example', token: 't', adminToken: null };
  connection = new LoaderConnection(store, target, { filter: '', rowsPerSecond: 100 }, () => socket as never);
  happen('connect');
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a connection that is rejected', () => {
  const rejectedWith = (data: object) => {
    for (const listener of listeners.get('connect_error') ?? []) listener(Object.assign(new Error('no'), { data }));
  };

  it('is tried again if the rejection does not last: a node that is away from its hub', () => {
    const before = connects;
    rejectedWith({ code: 'unavailable', message: 'The hub does not hear web1 now.', retry_after_ms: 2000 });
    expect(store.connection).toMatchObject({ state: 'rejected' });
    vi.advanceTimersByTime(1999);
    expect(connects).toBe(before);
    vi.advanceTimersByTime(1);
    expect(connects).toBe(before + 1);
    rejectedWith({ code: 'unauthorized', message: 'The token is wrong.' });
    vi.advanceTimersByTime(100_000);
    expect(connects).toBe(before + 1);
  });
});

describe('a request that the loader rejects with a retry time', () => {
  it('is repeated after that time, then after longer times, and a notice reports it', () => {
    taken('subscribe')[0]?.answer(BUSY);
    expect(figures().subscription).toEqual({ filter: null, pending: true });
    expect(figures().notices.map(({ message }) => message)).toEqual(['Too many. Retry in 2 s. This page retries.']);
    vi.advanceTimersByTime(1999);
    expect(taken('subscribe')).toEqual([]);
    vi.advanceTimersByTime(1);
    taken('subscribe')[0]?.answer(BUSY);
    vi.advanceTimersByTime(3999);
    expect(taken('subscribe')).toEqual([]);
    vi.advanceTimersByTime(1);
    taken('subscribe')[0]?.answer(ACCEPTED);
    expect(figures()).toMatchObject({ subscription: { filter: '', pending: false }, rowLimit: 7, badMessages: 0 });
    expect(figures().notices).toHaveLength(1);
    vi.advanceTimersByTime(100_000);
    expect(taken('subscribe')).toEqual([]);
  });

  it('is repeated for history, each level separately', () => {
    const history = taken('history');
    expect(history.map(({ request }) => request['step_ms'])).toEqual([1000, 5000, 60_000]);
    for (const { answer } of history.slice(1)) answer(BUSY);
    vi.advanceTimersByTime(2000);
    expect(taken('history').map(({ request }) => request['step_ms'])).toEqual([5000, 60_000]);
  });

  it('is repeated for a pause', () => {
    taken('subscribe')[0]?.answer(ACCEPTED);
    connection.rows.pause(true);
    store.state.markFull(performance.now());
    connection.rows.pause(false);
    taken('pause').at(-1)?.answer(BUSY);
    vi.advanceTimersByTime(2000);
    expect(taken('pause').map(({ request }) => request)).toEqual([{ paused: false }]);
  });

  it('is not repeated after a newer request superseded it, whichever is answered first', () => {
    const [first] = taken('subscribe');
    connection.rows.setFilter('port 1');
    const [second] = taken('subscribe');
    first?.answer(BUSY);
    second?.answer(BUSY);
    connection.rows.setFilter('port 2');
    expect(figures().subscription.pending).toBe(true);
    taken('subscribe')[0]?.answer(ACCEPTED);
    expect(figures().subscription).toEqual({ filter: 'port 2', pending: false });
    vi.advanceTimersByTime(100_000);
    expect(taken('subscribe')).toEqual([]);
  });

  it('ends with the connection; the next connection sends it again', () => {
    for (const { answer } of taken('subscribe')) answer(BUSY);
    happen('disconnect', 'transport close');
    vi.advanceTimersByTime(100_000);
    expect(sent).toEqual([]);
    happen('connect');
    expect(taken('subscribe')).toHaveLength(1);
  });
});

it('reports the reason of a final rejection, and does not repeat the request', () => {
  const error = { code: 'unavailable', message: 'No room: use another filter.' };
  taken('subscribe')[0]?.answer({ ok: false, error });
  expect(figures().notices.map(({ message }) => message)).toEqual(['No room: use another filter.']);
  expect(figures()).toMatchObject({ subscription: { pending: false }, badMessages: 0 });
  vi.advanceTimersByTime(100_000);
  expect(taken('subscribe')).toEqual([]);
});

it('applies a filter once, although its first request was superseded', () => {
  taken('subscribe')[0]?.answer(ACCEPTED);
  const filtered = vi.spyOn(store.state, 'filtered');
  connection.rows.setFilter('port 1');
  taken('subscribe')[0]?.answer(BUSY);
  connection.rows.setRowsPerSecond(5);
  taken('subscribe')[0]?.answer(ACCEPTED);
  expect(filtered).toHaveBeenCalledOnce();
});
