/** Rows over real HTTP on loopback: delivery, counters, and clients that do not read. */
import { ACTIONS, type Ledger } from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { describe, expect, it, vi } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { numberedRecord } from '../../test/support/fake-ring.ts';
import { eachWithServer, ledger, numbersOf, once, settled, wire } from '../../test/support/server-fixture.ts';

const on = eachWithServer();

describe('rows', () => {
  it('are sent only after a subscription, as batches that decode', async () => {
    const { socket, batches } = await on.connected();
    on.sendRows(5);
    await settled(socket);
    expect(batches).toEqual([]);
    await socket.emitWithAck('subscribe', {});
    on.sendRows(3);
    on.sendRows(2000, 7);
    await vi.waitUntil(() => numbersOf(batches).length === 2003);
    expect(numbersOf(batches)).toEqual(Array.from({ length: 2003 }, (_, i) => 5 + i));
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, i) => i));
    expect(batches.at(-1)).toMatchObject({ offered: 2010, withheld: 7, dropped: 0 });
  });

  it('are withheld from a paused client, and counted', async () => {
    const { socket, batches } = await on.connected();
    await socket.emitWithAck('subscribe', {});
    expect(await socket.emitWithAck('pause', { paused: true })).toEqual({ ok: true, value: { paused: true } });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(0);
    on.sendRows(10);
    expect(await socket.emitWithAck('pause', { paused: false })).toEqual({ ok: true, value: { paused: false } });
    on.sendRows(1);
    await settled(socket);
    expect(numbersOf(batches)).toEqual([10]);
    expect(batches[0]).toMatchObject({ offered: 11, withheld: 10 });
  });

  it('are filtered from all that pass; the number of filtered rows is reported', async () => {
    const { socket, batches } = await on.connected();
    const plain = await on.connected();
    await plain.socket.emitWithAck('subscribe', { max_rows_per_second: 1000 });
    const action = (['aborted', 'deny', 'permit'] as const)[numberedRecord(3)[62] ?? 0] ?? 'deny';
    const asked = { max_rows_per_second: 50, filter: `action ${action}` };
    expect(await socket.emitWithAck('subscribe', asked)).toEqual({ ok: true, value: { max_rows_per_second: 50 } });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(Number.POSITIVE_INFINITY);
    const matching = Array.from({ length: 200 }, (_, i) => i).filter((i) => numberedRecord(i)[62] === ACTIONS[action]);
    on.sendRows(200);
    // Until then the rows wait for the filter.
    const client = await vi.waitUntil(async () => {
      const ledgerCame = once<Ledger>(socket, 'ledger');
      on.server.second(ledger, emptySummary, 0n);
      const reported = (await ledgerCame).client;
      expect(reported.offered + reported.filtered).toBe(200);
      return reported.pending === 0 && reported;
    });
    expect(client).toMatchObject({ offered: matching.length, filtered: 200 - matching.length, dropped: 0 });
    expect(matching).toEqual(expect.arrayContaining(numbersOf(batches)));
    await vi.waitUntil(() => numbersOf(plain.batches).length === 200);
    await socket.emitWithAck('subscribe', { max_rows_per_second: 50 });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(1000);
  });

  it('are rejected with the error if the filter does not parse', async () => {
    const { socket } = await on.connected();
    for (let i = 0; i < 20; i++) {
      expect(await socket.emitWithAck('subscribe', { filter: 'dst prot 443' })).toEqual({
        ok: false,
        error: {
          code: 'invalid',
          message: 'filter: "prot" at column 5: did you mean "port"?',
          filter: { column: 5, length: 4, fix: 'port' },
        },
      });
    }
    // Typing errors in a filter are never bad messages.
    expect(await socket.emitWithAck('subscribe', { filter: 'dst port 443' })).toMatchObject({ ok: true });
  });

  it('are counted from the acknowledgement on, which comes when the drain thread has answered', async () => {
    const { socket, batches } = await on.connected();
    on.answers = false;
    let acknowledged = false;
    const answer = socket.emitWithAck('subscribe', {}).then(() => {
      acknowledged = true;
    });
    await vi.waitUntil(() => on.rowsWanted.mock.calls.length === 1);
    on.sendRows(3);
    // Answered at once, because the drain thread need not know about it.
    await socket.emitWithAck('pause', null);
    expect(acknowledged).toBe(false);
    on.server.activate();
    await answer;
    on.sendRows(2);
    await vi.waitUntil(() => batches.length > 0);
    expect(batches[0]).toMatchObject({ sequence: 0, offered: 2, withheld: 0 });
  });

  it('after a new subscription are only its rows, from the acknowledgement on', async () => {
    const { socket, batches } = await on.connected();
    await socket.emitWithAck('subscribe', {});
    on.sendRows(2);
    on.sendRows(2);
    await socket.emitWithAck('subscribe', { filter: 'proto 250 and port 1' });
    on.sendRows(10);
    expect(numbersOf(batches)).toEqual([0, 1, 2, 3]);
    await socket.emitWithAck('subscribe', {});
    on.sendRows(1);
    await vi.waitUntil(() => batches.at(-1)?.offered === 5);
    expect(batches.at(-1)).toMatchObject({ sequence: 2, filtered: 10, withheld: 0, dropped: 0 });
  });

  it('are requested at the highest rate of any client, until it disconnects', async () => {
    const [modest, greedy] = [await on.connected(), await on.connected()];
    await modest.socket.emitWithAck('subscribe', { max_rows_per_second: 10 });
    await greedy.socket.emitWithAck('subscribe', { max_rows_per_second: 5000 });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(5000);
    greedy.socket.disconnect();
    await vi.waitUntil(() => on.rowsWanted.mock.lastCall?.[0] === 10);
  });

  it('a client that does not read loses whole batches, counted, while another gets every row', async () => {
    const [slow, quick] = [await on.connected(), await on.connected()];
    for (const { socket } of [slow, quick]) await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    // Stop reading from its TCP socket.
    wire(slow.socket).pause();
    // The kernel's buffers hold a few megabytes, the send queue 2 MiB; these are 14 MB.
    for (let i = 0; i < 190; i++) {
      on.sendRows(1000);
      await new Promise(setImmediate);
    }
    await vi.waitUntil(() => quick.batches.at(-1)?.offered === 190_000, { timeout: 20_000 });
    expect(numbersOf(quick.batches)).toHaveLength(190_000);
    wire(slow.socket).resume();
    await vi.waitUntil(
      () => {
        on.sendRows(1);
        const last = slow.batches.at(-1);
        return last !== undefined && last.dropped > 0;
      },
      { timeout: 20_000, interval: 50 },
    );
    let received = 0;
    for (const batch of slow.batches) {
      received += batch.length;
      expect(batch.offered).toBe(received + batch.dropped + batch.withheld);
    }
  });
});

describe('a client that does not read', () => {
  /** Sends rows until more wait for the client than the kernel's buffers hold. */
  async function stalled(): Promise<Socket> {
    const { socket } = await on.connected();
    await socket.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    wire(socket).pause();
    for (let i = 0; i < 150; i++) {
      on.sendRows(1000);
      await new Promise(setImmediate);
    }
    return socket;
  }

  it('is disconnected after half a minute, with the reason in the log', async () => {
    await stalled();
    const other = await on.connected();
    on.server.second(ledger, emptySummary, 0n);
    // After a stall of the server itself no client is disconnected; at the next check it is.
    on.skew += 31_000;
    on.server.second(ledger, emptySummary, 0n);
    expect(on.logged).toEqual([]);
    await settled(other.socket);
    on.server.second(ledger, emptySummary, 0n);
    on.server.second(ledger, emptySummary, 0n);
    await vi.waitUntil(() => on.rowsWanted.mock.lastCall?.[0] === 0);
    const facts = { level: 40, client: expect.any(String), stalled_ms: expect.any(Number) };
    expect(on.logged).toEqual([expect.objectContaining({ ...facts, msg: 'client disconnected: it does not read' })]);
    expect(on.logged[0]?.['backlog_bytes']).toBeGreaterThan(1024 * 1024);
    await settled(other.socket);
  });

  it('but keeps sending is disconnected before its answers pile up', async () => {
    const socket = await stalled();
    for (let i = 0; i < 6000; i++) socket.emit('pause', { paused: false }, () => {});
    await vi.waitUntil(() => on.rowsWanted.mock.lastCall?.[0] === 0, { timeout: 10_000 });
    expect(on.logged).toEqual([expect.objectContaining({ msg: 'client disconnected: it does not read' })]);
  });
});
