import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, eachWithServer, TOKEN } from '../../test/support/server-fixture.ts';

const on = eachWithServer();
const RANGE = { from_ms: 1, to_ms: 2 };

describe('questions about recorded packets', () => {
  it('are passed to the core with the client, and its answer is passed on', async () => {
    const { socket } = await on.connected({ auth: { token: TOKEN, admin_token: ADMIN_TOKEN } });
    on.past = { ok: true, json: '{"some":["value"]}' };
    expect(await socket.emitWithAck('past:top', RANGE)).toEqual({ ok: true, value: { some: ['value'] } });
    on.past = { ok: false, error: { code: 'unavailable', message: 'Later.', retry_after_ms: 5 } };
    expect(await socket.emitWithAck('past:rates', { ...RANGE, max_steps: 9 })).toEqual({ ...on.past });
    expect(on.asked).toMatchObject([
      ['past:top', { ...RANGE, limit: 10 }, { adminToken: ADMIN_TOKEN }],
      ['past:rates', { ...RANGE, max_steps: 9 }, { adminToken: ADMIN_TOKEN }],
    ]);
    const [top, rates] = on.asked as [unknown, unknown, unknown][];
    expect(top?.[2]).toBe(rates?.[2]);
  });

  it('are rejected where nothing is recorded, with the option that records', async () => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck('past:facts', {})).toMatchObject({
      ok: false,
      error: { code: 'unavailable', message: expect.stringContaining('--record on') },
    });
  });

  it.each([
    ['past:rates', { ...RANGE, max_steps: 2001 }],
    ['past:rates', { from_ms: 2, to_ms: 2, max_steps: 10 }],
    ['past:rates', { from_ms: 0, to_ms: 1e300, max_steps: 10 }],
    ['past:rates', { ...RANGE, max_steps: 10, filter: 'tcp prot 22' }],
    ['past:top', { ...RANGE, limit: 101 }],
    ['past:top', { ...RANGE, group: 'planet' }],
    ['past:rows', { ...RANGE, limit: 5001 }],
    ['past:rows', { ...RANGE, limit: 10, before: '1-2' }],
    ['past:rows', { ...RANGE, limit: 10, before: '1'.repeat(60_000) }],
    ['past:first_seen', { addresses: [] }],
    ['past:first_seen', { addresses: ['192.0.2.1/24'] }],
    ['past:first_seen', { addresses: Array.from({ length: 51 }, () => '192.0.2.1') }],
    ['past:learn', RANGE],
    ['past:learn', { ...RANGE, sources: ['192.0.2.1'], filter: 'tcp' }],
    ['past:learn', { ...RANGE, sources: ['192.0.2.1/24'] }],
    ['past:learn', { ...RANGE, filter: 'tcp prot 22' }],
    ['past:facts', { more: 1 }],
  ])('that are invalid do not reach the core: %s %j', async (event, request) => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck(event, request)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(on.asked).toEqual([]);
  });

  it('tell the core when the client has gone', async () => {
    const { socket } = await on.connected();
    await socket.emitWithAck('past:facts', {});
    const [[, , caller]] = on.asked as [[string, unknown, { gone: AbortSignal }]];
    expect(caller.gone.aborted).toBe(false);
    socket.disconnect();
    await expect.poll(() => caller.gone.aborted).toBe(true);
  });
});
