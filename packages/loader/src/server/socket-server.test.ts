/** What a client receives and may request, over real HTTP on loopback, and the shutdown. */
import { historySchema, historyTopSchema, ledgerSchema, type RulesSnapshot } from '@packetlog/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import {
  ADMIN_TOKEN,
  eachWithServer,
  HOST,
  hop,
  ledger,
  numbersOf,
  once,
  TOKEN,
  wire,
} from '../../test/support/server-fixture.ts';

const on = eachWithServer();

describe('once a second', () => {
  it('each client gets the summary, and the ledger with its own part', async () => {
    const { socket } = await on.connected();
    await socket.emitWithAck('subscribe', {});
    on.sendRows(4);
    const [summaryCame, ledgerCame] = [once(socket, 'summary'), once(socket, 'ledger')];
    on.server.second(ledger, emptySummary, 5n);
    expect(await summaryCame).toEqual(emptySummary);
    expect(ledgerSchema.parse(await ledgerCame).client).toEqual({ ...hop, offered: 4, delivered: 4, filtered: 0 });
  });

  it('nothing is requested while no client is connected', async () => {
    const one = await on.connected();
    const other = await on.connected();
    one.socket.disconnect();
    await vi.waitUntil(() => on.rowsWanted.mock.calls.length === 1);
    expect(on.watched).toEqual([true]);
    other.socket.disconnect();
    await vi.waitUntil(() => on.watched.length === 2);
    expect(on.watched).toEqual([true, false]);
  });

  it('the loader is notified while any client needs low latency, until that client pauses or disconnects', async () => {
    const { socket } = await on.connected();
    await socket.emitWithAck('subscribe', { max_batches_per_second: 60 });
    expect(on.lowLatency).toEqual([]);
    await socket.emitWithAck('subscribe', {});
    expect(on.lowLatency).toEqual([true]);
    await socket.emitWithAck('pause', { paused: true });
    expect(on.lowLatency).toEqual([true, false]);
    await socket.emitWithAck('pause', { paused: false });
    socket.disconnect();
    await vi.waitUntil(() => on.lowLatency.length === 4);
    expect(on.lowLatency).toEqual([true, false, true, false]);
  });

  it('a notice is sent to every client', async () => {
    const all = [await on.connected(), await on.connected()];
    const came = all.map(({ socket }) => once(socket, 'notice'));
    on.server.notice({ at_ms: 1, level: 'info', code: 'shutting_down', message: 'bye' });
    expect(await Promise.all(came)).toEqual([1, 2].map(() => expect.objectContaining({ code: 'shutting_down' })));
  });
});

describe('the history', () => {
  const START = 1_800_000_000_000;
  beforeEach(() => {
    const total = { packets: 5, bytes: 500 };
    const top_sources = [{ addr: '192.0.2.1', packets: 5, bytes: 500 }];
    on.history.add({ ...emptySummary, at_ms: START, total, top_sources }, 0);
  });

  it('is returned on request, on each level', async () => {
    const { socket } = await on.connected();
    for (const step_ms of [1000, 5000, 60_000]) {
      const { ok, value } = await socket.emitWithAck('history', { step_ms });
      expect(ok).toBe(true);
      const { columns } = historySchema.parse(value);
      expect(columns.packets.every((packets) => packets === 0 || packets === 5)).toBe(true);
    }
  });

  it('returns the top sources of a range', async () => {
    const { socket } = await on.connected();
    const { value } = await socket.emitWithAck('history:top', { from_ms: START - 60_000, to_ms: START });
    expect(historyTopSchema.parse(value).sources).toMatchObject([{ addr: '192.0.2.1', packets: 5 }]);
  });

  it.each([
    ['history', { step_ms: 7 }],
    ['history', {}],
    ['history:top', { from_ms: 5, to_ms: 5 }],
    ['history:top', { from_ms: -1, to_ms: 5 }],
    ['history:top', { from_ms: 0, to_ms: 'now' }],
  ])('rejects %s %j', async (event, options) => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck(event, options)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});

describe('a lookup', () => {
  it('that this loader does not answer is rejected with the reason', async () => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck('names:listeners', {})).toEqual({
      ok: false,
      error: { code: 'unavailable', message: expect.stringMatching(/start a loader inside/) },
    });
  });

  it('about several addresses is answered for each, up to the limit of the protocol', async () => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck('names:places', { addresses: ['192.0.2.1', '2001:db8::1'] })).toEqual({
      ok: true,
      value: { '192.0.2.1': { country: 'NZ' }, '2001:db8::1': { country: 'NZ' } },
    });
    for (const addresses of [[], ['localhost'], Array(51).fill('192.0.2.1')]) {
      expect(await socket.emitWithAck('names:places', { addresses })).toMatchObject({ error: { code: 'invalid' } });
    }
  });

  it('whose answer fails gets an error, and the failure is logged', async () => {
    const { socket } = await on.connected();
    const answer = await socket.emitWithAck('names:reverse', { addresses: ['192.0.2.1'] });
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(on.logged.some(({ msg }) => msg === 'handling a message failed')).toBe(true);
  });
});

describe('rules', () => {
  const admin = { auth: { token: TOKEN, admin_token: ADMIN_TOKEN } };

  it('are sent after hello, and again when they change, not once for each change', async () => {
    const socket = on.client();
    const revisions: number[] = [];
    socket.on('rules', (rules: RulesSnapshot) => revisions.push(rules.revision));
    await vi.waitFor(() => expect(revisions).toEqual([1]));
    for (on.revision = 2; on.revision < 20; on.revision++) on.server.rulesChanged();
    await vi.waitFor(() => expect(revisions.at(-1)).toBe(20));
    expect(revisions.length).toBeLessThan(4);
  });

  it('are requested with the admin token that the client sent, which the core checks, and its address', async () => {
    const { socket } = await on.connected(admin);
    expect(await socket.emitWithAck('rules:add', { rule: 1 })).toEqual({ ok: true, value: 'add' });
    expect(on.asked).toMatchObject([['add', { rule: 1 }, { address: HOST, adminToken: ADMIN_TOKEN }]]);
    expect(on.counted).toEqual([{ clients: 1, operators: [HOST] }]);
  });

  it('are requested without an admin token by a read-only client, which is not an operator', async () => {
    const { socket } = await on.connected();
    await socket.emitWithAck('rules:audit', {});
    expect(on.asked).toMatchObject([['audit', {}, { adminToken: undefined }]]);
    expect(on.counted).toEqual([{ clients: 1, operators: [] }]);
  });

  it('cannot be accessed with a wrong admin token', async () => {
    expect(await on.attempt({ auth: { token: TOKEN, admin_token: 'guessed' } })).toMatchObject({
      code: 'unauthorized',
    });
    const { socket } = await on.connected();
    socket.disconnect();
  });

  it('requests that fail are answered, and the connection stays', async () => {
    const { socket } = await on.connected(admin);
    expect(await socket.emitWithAck('rules:undo', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(await socket.emitWithAck('rules:list', {})).toMatchObject({ ok: true });
    expect(on.logged.some(({ msg }) => msg === 'handling a message failed')).toBe(true);
  });

  it('requests that were cancelled are no error: the client is gone', async () => {
    const { socket } = await on.connected(admin);
    await socket.emitWithAck('rules:redo', {});
    expect(on.logged.some(({ msg }) => msg === 'handling a message failed')).toBe(false);
  });

  it('report their counters', async () => {
    const { socket } = await on.connected();
    const counted = once(socket, 'rule_counters');
    on.server.ruleCounters([{ id: 7, packets: 2, bytes: 200 }]);
    expect(await counted).toEqual([{ id: 7, packets: 2, bytes: 200 }]);
  });
});

describe('the end', () => {
  it('sends what is queued, then disconnects', async () => {
    const { socket, batches } = await on.connected();
    await socket.emitWithAck('subscribe', {});
    on.sendRows(1);
    on.sendRows(2);
    const gone = once(socket, 'disconnect');
    await on.server.close();
    await gone;
    expect(numbersOf(batches)).toEqual([0, 1, 2]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a connection without a request, as browsers open in advance', () => on.tcp()],
    ['half a request', () => on.tcp('GET / HTTP/1.1\r\n')],
    [
      'a client that reads no more',
      async () => {
        const { socket } = await on.connected();
        await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
        wire(socket).pause();
        on.sendRows(100_000);
      },
    ],
  ])('is not delayed by %s', async (_, hinder) => {
    await hinder();
    // Its timers use this clock, which stops long before a client or a request times out.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closed = on.server.close();
      await vi.advanceTimersByTimeAsync(5000);
      await closed;
    } finally {
      vi.useRealTimers();
    }
  });
});
