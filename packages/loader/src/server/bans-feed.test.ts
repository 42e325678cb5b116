import { type Bans, type Decision, noBans } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, eachWithServer, once, TOKEN } from '../../test/support/server-fixture.ts';

const on = eachWithServer();
const ONE: Bans = { ...noBans(5), active: 1, decided: { ban: 1, would_ban: 0, not_banned: 0 } };

describe('bans', () => {
  it('are sent to a client when it connects, and when they change', async () => {
    const socket = on.client();
    expect(await once(socket, 'bans')).toMatchObject({ active: 0, max_active: 10_000, newest: [] });
    const changed = once(socket, 'bans');
    on.server.bans(ONE);
    expect(await changed).toEqual(ONE);
    const later = on.client();
    expect(await once(later, 'bans')).toEqual(ONE);
  });

  it('are asked for with the client, and undone by the core alone', async () => {
    const { socket } = await on.connected({ auth: { token: TOKEN, admin_token: ADMIN_TOKEN } });
    on.value = { undone: [7], permit_rules: [] };
    expect(await socket.emitWithAck('bans:undo', { id: 7 })).toEqual({ ok: true, value: on.value });
    await socket.emitWithAck('bans:decisions', { limit: 'many' });
    expect(on.asked).toMatchObject([
      ['bans:undo', { id: 7 }, { adminToken: ADMIN_TOKEN }],
      ['bans:decisions', { limit: 'many' }, { adminToken: ADMIN_TOKEN }],
    ]);
    expect(on.logged).toEqual([]);
  });
});

it('decisions are sent as they are made', async () => {
  const { socket } = await on.connected();
  const decided = once<Decision>(socket, 'decision');
  on.server.decision({ id: 3, source: '203.0.113.7' } as Decision);
  expect(await decided).toEqual({ id: 3, source: '203.0.113.7' });
});
