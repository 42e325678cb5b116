/** The page's connection to a hub, with a fake socket. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fleetNode, report } from '../../../test/support/fleet.ts';
import { Store } from '../state/store.ts';
import { Hub } from './hub.ts';

const HELLO = {
  version: '1',
  hub: 'hub-1',
  started_at_ms: 0,
  person: 'anna',
  role: { kind: 'look' },
  has_history: false,
};
const listeners = new Map<string, (argument?: unknown) => void>();
const asked: string[] = [];
let answer: unknown;
let connected = true;
const socket = {
  get connected() {
    return connected;
  },
  active: false,
  on: (event: string, listener: () => void) => listeners.set(event, listener),
  timeout: () => ({
    emitWithAck: async (event: string) => {
      asked.push(event);
      return answer;
    },
  }),
  connect: () => {},
  disconnect: () => {},
  removeAllListeners: () => listeners.clear(),
};
let store: Store;
let hub: Hub;
const hear = (event: string, message: unknown) => listeners.get(event)?.(message);
const names = () => hub.get()?.nodes.map(({ name }) => name);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 0));
  vi.stubGlobal('cancelAnimationFrame', clearTimeout);
  listeners.clear();
  asked.length = 0;
  answer = { ok: true, value: {} };
  connected = true;
  store = new Store();
  hub = new Hub(store, { loader: 'http://hub.example', token: 't' }, () => socket as never);
});
afterEach(() => {
  hub.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the nodes of a hub', () => {
  test('are there when the hub has said who it is and sent them, and follow the changes in order', async () => {
    hear('hub', HELLO);
    await vi.advanceTimersByTimeAsync(1);
    expect(hub.get()).toBeNull();
    hear('fleet', { at_ms: 5_000, is_full: true, nodes: [fleetNode('b'), fleetNode('a')], removed: [] });
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['a', 'b']);
    hear('fleet', { at_ms: 6_000, is_full: false, nodes: [fleetNode('c', { report: report() })], removed: ['a'] });
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['b', 'c']);
    hear('fleet', { at_ms: 7_000, is_full: true, nodes: [fleetNode('d')], removed: [] });
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['d']);
    expect(store.connection.state).toBe('live');
  });

  test('age by the hub’s clock, also while nothing arrives', async () => {
    hear('hub', HELLO);
    hear('fleet', { at_ms: 1_000_000, is_full: true, nodes: [], removed: [] });
    await vi.advanceTimersByTimeAsync(10_000);
    const { nowMs } = hub.get() ?? { nowMs: 0 };
    expect(nowMs - 1_000_000).toBeGreaterThan(8_400);
    expect(nowMs - 1_000_000).toBeLessThan(10_100);
  });

  test.each([
    ['hub', { ...HELLO, role: { kind: 'rules' } }],
    ['hub', { ...HELLO, role: { kind: 'owner' } }],
    [
      'fleet',
      { at_ms: 1, is_full: true, nodes: [fleetNode('a', { report: { ...report(), packets: -1 } })], removed: [] },
    ],
    ['fleet', { at_ms: 1, is_full: true, nodes: [{ name: 'a' }], removed: [] }],
    ['groups', { groups: [{ name: 'a', nodes: 1, rollout: {} }] }],
    ['groups', null],
  ])('a message %s of another shape is counted, and not used', async (event, message) => {
    const bad = vi.spyOn(store, 'badMessage');
    hear(event, message);
    await vi.advanceTimersByTimeAsync(1);
    expect(bad).toHaveBeenCalledTimes(1);
    expect(hub.get()).toBeNull();
  });
});

describe('the connection', () => {
  test('asks a quiet hub whether it is there, and is stale while it does not answer', async () => {
    hear('hub', HELLO);
    const stop = store.startTicking();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(asked).toContain('fleet:groups');
    expect(store.connection.state).toBe('live');
    connected = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.connection.state).toBe('stale');
    stop();
  });

  test('that the hub rejects keeps the reason', async () => {
    const rejection = { code: 'unauthorized', message: 'Unknown token.' };
    hear('connect_error', Object.assign(new Error('x'), { data: rejection }));
    expect(store.connection).toEqual({ state: 'rejected', rejection });
  });

  test('answers requests without a connection, and those that the hub rejects', async () => {
    answer = { ok: false, error: { code: 'forbidden', message: 'Your role cannot do this.' } };
    expect(await hub.ask('people', {})).toEqual(answer);
    answer = { ok: false, error: 'no' };
    expect(await hub.ask('people', {})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    connected = false;
    expect(await hub.ask('people', {})).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/no connection/) },
    });
  });
});
