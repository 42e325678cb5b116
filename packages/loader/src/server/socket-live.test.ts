import { type LiveRates, type LiveTop, liveRatesSchema, type PacketLog } from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { memoryOf, packet, times } from '../../test/support/records.ts';
import { eachWithServer, ledger } from '../../test/support/server-fixture.ts';

const on = eachWithServer();
const ALL = { from_ms: 0, to_ms: 8e15 };
const DNS = { dst_port: 53, ip_protocol: 17 };

const ask = async (socket: Socket, event: string, filter: string) => socket.emitWithAck(event, { ...ALL, filter });

async function rates(socket: Socket, filter: string): Promise<LiveRates> {
  const answer = await ask(socket, 'live:rates', filter);
  expect(answer).toMatchObject({ ok: true });
  return liveRatesSchema.parse(answer.value);
}

const pass = (records: readonly PacketLog[]) => on.server.rows(memoryOf(records), records.length, 0);

/** Ends a second, which is long enough for the sums. */
async function second(more: Partial<typeof ledger> = {}): Promise<void> {
  on.server.second({ ...ledger, ...more }, { ...emptySummary, at_ms: Date.now() + 1000 }, 0n);
}

describe('live sums', () => {
  it('count from the first question on, for all clients that ask about the filter, however they write it', async () => {
    const [{ socket: first }, { socket: second_ }] = [await on.connected(), await on.connected()];
    pass(times(100, DNS));
    const begun = await rates(first, 'udp port 53');
    expect(begun.total).toEqual({ packets: 0, records: 0, missing: [] });
    expect(Math.abs(begun.since_ms - Date.now())).toBeLessThan(10_000);
    pass([...times(7, DNS), ...times(5), { ...packet, ...DNS, weight: 4 }]);
    // Known before the second has ended: the second client does not begin other sums.
    const { since_ms } = await rates(second_, 'port 53 and udp');
    expect(since_ms).toBe(begun.since_ms);
    await second();
    for (const [socket, filter] of [
      [first, 'udp port 53'],
      [second_, 'port 53 and udp'],
    ] as const) {
      const { total, columns } = await rates(socket, filter);
      expect(total).toEqual({ packets: 11, records: 8, missing: [] });
      expect(columns.udp.reduce((a, b) => a + b, 0)).toBe(11);
      const { value: top } = (await ask(socket, 'live:top', filter)) as { value: LiveTop };
      expect(top.since_ms).toBe(since_ms);
      expect(top.sources).toMatchObject([{ addr: packet.src_addr, packets: 11, bytes: 1100 }]);
      expect(top.ports).toMatchObject([{ ip_protocol: 17, port: 53, packets: 11 }]);
    }
  });

  it('need all rows, as long as a client asks for them', async () => {
    const { socket } = await on.connected();
    await rates(socket, 'udp');
    expect(on.rowsWanted).toHaveBeenLastCalledWith(Number.POSITIVE_INFINITY);
    expect(await socket.emitWithAck('live:end', {})).toEqual({ ok: true, value: { ended: true } });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(0);
    expect(await socket.emitWithAck('live:end', {})).toEqual({ ok: true, value: { ended: false } });
    await rates(socket, 'udp');
    socket.disconnect();
    await expect.poll(() => on.rowsWanted.mock.lastCall).toEqual([0]);
  });

  it('are forgotten when the last client has another filter, has ended them, or has gone', async () => {
    const [{ socket: a }, { socket: b }] = [await on.connected(), await on.connected()];
    const total = async (socket: Socket, filter: string) => (await rates(socket, filter)).total.packets;
    await rates(a, 'tcp');
    await rates(b, 'tcp');
    pass(times(3));
    await second();
    await rates(a, 'udp');
    expect(await total(a, 'tcp')).toBe(3);
    await a.emitWithAck('live:end', {});
    expect(await total(a, 'tcp')).toBe(3);
    a.disconnect();
    await rates(b, 'udp');
    expect(await total(b, 'tcp')).toBe(0);
  });

  it('say what was lost on the way to them, and only that', async () => {
    const { socket } = await on.connected();
    const hop = (dropped: number) => ({ queue: { ...ledger.queue, dropped } });
    await second(hop(5));
    await rates(socket, 'tcp');
    pass(times(2));
    await second(hop(5));
    expect((await rates(socket, 'tcp')).total).toMatchObject({ packets: 2, missing: [] });
    pass(times(2));
    on.server.second({ ...ledger, ...hop(12) }, { ...emptySummary, at_ms: Date.now() + 2000 }, 0n);
    expect((await rates(socket, 'tcp')).total).toMatchObject({
      packets: 4,
      missing: [{ kind: 'lost', count: 7, message: expect.stringContaining('Lost before they reached the filter: 7') }],
    });
  });

  it('say how many rows the filters had no time for', async () => {
    const { socket } = await on.connected();
    const costly = Array.from({ length: 200 }, (_, i) => `length ${2000 + i}`).join(' or ');
    const filter = `port 443 and (udp or ${costly} or port 443)`;
    await rates(socket, filter);
    on.frozenAt = performance.now() - on.skew;
    const MANY = 100_000;
    for (let i = 0; i < MANY; i += 1000) pass(times(1000));
    await second();
    const { total } = await rates(socket, filter);
    const [unchecked] = total.missing;
    expect(total.missing).toHaveLength(1);
    expect(unchecked).toMatchObject({ kind: 'unchecked', message: expect.stringContaining('a fifth of the server') });
    expect(total.packets).toBeGreaterThan(0);
    expect(total.packets + (unchecked?.count ?? 0)).toBe(MANY);
  });

  it('know the names of interfaces that appear later', async () => {
    const { socket } = await on.connected();
    await rates(socket, 'iface eth7');
    pass(times(3, { ifindex: 7 }));
    const counters = { seen: 0, permitted: 0, denied: 0, aborted: 0, emitted: 0, sampled_out: 0, ring_full: 0 };
    const zero = { ...counters, filtered_out: 0, bytes: 0, denied_bytes: 0 };
    const eth7 = { name: 'eth7', ifindex: 7, mode: 'native', state: 'attached', counters: zero } as const;
    await second({ interfaces: [eth7] });
    pass(times(5, { ifindex: 7 }));
    on.server.second({ ...ledger, interfaces: [eth7] }, { ...emptySummary, at_ms: Date.now() + 2000 }, 0n);
    expect((await rates(socket, 'iface eth7')).total.packets).toBe(5);
  });

  it('are limited to six filters of read-only clients, with a sentence that says what to do', async () => {
    const sockets = await Promise.all(Array.from({ length: 7 }, async () => (await on.connected()).socket));
    for (const [i, socket] of sockets.slice(0, 6).entries()) await rates(socket, `port ${i + 1}`);
    const last = sockets[6] as Socket;
    expect(await ask(last, 'live:rates', 'port 99')).toEqual({
      ok: false,
      error: {
        code: 'unavailable',
        message: expect.stringContaining('use one of those, or clear the filter on another page first.'),
        retry_after_ms: 10_000,
      },
    });
    await rates(last, 'port 3');
    await sockets[0]?.emitWithAck('live:end', {});
    await rates(last, 'port 99');
  });

  it('answer the newest filter of a client that has changed its mind', async () => {
    const { socket } = await on.connected();
    on.answers = false;
    const [old, next] = [ask(socket, 'live:rates', 'tcp'), ask(socket, 'live:top', 'udp')];
    await expect.poll(() => on.rowsWanted.mock.calls.length).toBe(2);
    on.server.activate();
    on.server.activate();
    expect(await old).toMatchObject({ ok: false, error: { code: 'unavailable', message: /replaced by a newer one/ } });
    expect(await next).toMatchObject({ ok: true });
  });

  it.each([
    ['live:rates', { ...ALL, filter: 'tcp prot 22' }],
    ['live:rates', { from_ms: 5, to_ms: 5, filter: 'tcp' }],
    ['live:rates', ALL],
    ['live:top', { ...ALL, filter: 'tcp', limit: 3 }],
    ['live:end', { filter: 'tcp' }],
  ])('reject %s %j', async (event, request) => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck(event, request)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(on.rowsWanted).not.toHaveBeenCalled();
  });
});
