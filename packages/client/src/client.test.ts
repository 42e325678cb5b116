// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { PacketLogBatch, type Rule } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FakeLoader, rows, startFakeLoader, TOKEN } from '../test/support/fake-loader.ts';
import { connect, type PacketLogClient, PacketLogError } from './index.ts';

const RULE: Rule = {
  id: 7,
  action: 'deny',
  source: '203.0.113.7',
  reason: 'login abuse',
  created_by: 'admin',
  created_at: '2026-01-02T14:00:00Z',
};

const HOP = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };

let loader: FakeLoader;
const clients: PacketLogClient[] = [];

beforeEach(async () => {
  loader = await startFakeLoader();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await loader.close();
});

async function client(options: { timeoutMs?: number; adminToken?: string } = {}): Promise<PacketLogClient> {
  const made = await connect(loader.url, { token: TOKEN, ...options });
  clients.push(made);
  return made;
}

/** Returns the error of a promise that must fail. */
async function failure(promise: Promise<unknown>): Promise<PacketLogError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PacketLogError) return error;
  throw new Error(`no PacketLogError but ${String(error)}`);
}

describe('rules', () => {
  test('denies an address with one call', async () => {
    loader.answer = () => ({ ok: true, value: { revision: 2, rule: RULE } });
    const packetlog = await client({ adminToken: 'a' });
    expect(packetlog.hello.admin).toBe(true);
    const rule = await packetlog.deny('::ffff:203.0.113.7', { for: '1h', reason: 'login abuse' });
    expect(rule).toEqual(RULE);
    expect(loader.asked).toEqual([
      ['rules:add', { rule: { action: 'deny', source: '203.0.113.7', for: '1h', reason: 'login abuse' } }],
    ]);
  });

  test('a limit is sent with its numbers', async () => {
    loader.answer = () => ({ ok: true, value: { revision: 2, rule: RULE } });
    const packetlog = await client({ adminToken: 'a' });
    await packetlog.limit('any', {
      protocol: 'tcp',
      port: 22,
      rate: '20/min',
      measure: 'syn',
      block: '60s',
      enforce: true,
      now: true,
    });
    const numbers = { rate: '20/min', measure: 'syn', then: 'block:60s', enforce: true };
    expect(loader.asked).toEqual([
      [
        'rules:add',
        { rule: { action: 'limit', source: 'any', protocol: 'tcp', destination_port: 22, ...numbers }, now: true },
      ],
    ]);
  });

  test.each(['198.0.0.0/8', 'any', 'set:scanners', '203.0.113.7/32', ''])(
    'deny, permit and observe take one address only, and send nothing for %j',
    async (source) => {
      const packetlog = await client({ adminToken: 'a' });
      for (const action of ['deny', 'permit', 'observe'] as const) {
        const error = await failure(packetlog[action](source));
        expect(error).toMatchObject({ code: 'invalid', field: 'rule.source' });
        expect(error.message).toContain(`${action}() takes one address`);
        expect(error.message).toContain(`Use ${action}Network()`);
      }
      expect(loader.asked).toEqual([]);
    },
  );

  test('a risky rule has the time until which it must be confirmed', async () => {
    const pending = { until_ms: 1, revision_before: 1, why: 'It denies any source.' };
    loader.answer = () => ({ ok: true, value: { revision: 2, rule: RULE, pending } });
    expect(await (await client()).denyNetwork('any', { force: true })).toEqual({ ...RULE, pending });
    expect(loader.asked[0]?.[1]).toMatchObject({ force: true });
  });

  test('rules are removed by id or by rule, one or several', async () => {
    loader.answer = () => ({ ok: true, value: { revision: 2, removed: [RULE] } });
    const packetlog = await client();
    expect(await packetlog.remove(7)).toEqual([RULE]);
    await packetlog.remove(RULE);
    await packetlog.remove([RULE, 8]);
    expect(loader.asked.map(([, request]) => request)).toEqual([{ ids: [7] }, { ids: [7] }, { ids: [7, 8] }]);
  });

  test('the default policy is set with permit rules, which the loader proposes', async () => {
    const permit = { action: 'permit', source: 'any', protocol: 'icmp' } as const;
    const proposals = { warnings: [], rules: [{ rule: permit, is_wide: false }], wide_listeners: [], stopping: {} };
    loader.answer = (event) => ({ ok: true, value: event === 'rules:policy' ? { revision: 2 } : proposals });
    const packetlog = await client({ adminToken: 'a' });
    const { rules } = await packetlog.proposePermits();
    await packetlog.setDefaultPolicy('deny', { permits: rules.map(({ rule }) => rule), force: true });
    await packetlog.setDefaultPolicy('permit');
    expect(loader.asked).toEqual([
      ['rules:propose_permits', {}],
      ['rules:policy', { default_policy: 'deny', permits: [permit], force: true }],
      ['rules:policy', { default_policy: 'permit' }],
    ]);
  });

  test('a rejection by the loader becomes an error with its details', async () => {
    const facts = { code: 'lockout', protected: { kind: 'gateway', address: '192.0.2.1' } };
    loader.answer = () => ({ ok: false, error: { ...facts, message: 'It would lock out the gateway.' } });
    const error = await failure((await client()).denyNetwork('192.0.2.0/24'));
    expect(error).toMatchObject({ ...facts, name: 'PacketLogError', message: 'It would lock out the gateway.' });
  });

  test('a missing answer becomes an error with the next step', async () => {
    loader.answer = undefined;
    const error = await failure((await client({ timeoutMs: 3_000 })).deny('192.0.2.7'));
    expect(error.code).toBe('unanswered');
    expect(error.message).toMatch(/rules\(\)/);
  });

  test('a list that is too long for a message is not sent: it would end the connection', async () => {
    const error = await failure((await client()).importSet('long', '192.0.2.1\n'.repeat(7_000)));
    expect(error).toMatchObject({ code: 'limit', limit: 65_536 });
    expect(error.message).toContain('packetlog rules import');
    expect(loader.asked).toEqual([]);
  });

  test('a closed client rejects requests with the code closed', async () => {
    const packetlog = await client();
    await packetlog.close();
    expect((await failure(packetlog.rules())).code).toBe('closed');
  });
});

test('live sums are asked for with one call each', async () => {
  const { live } = await client();
  loader.answer = (event) => ({ ok: true, value: { event } });
  const request = { filter: 'udp', from_ms: 1, to_ms: 2 };
  expect(await live.rates(request)).toEqual({ event: 'live:rates' });
  expect(await live.top(request)).toEqual({ event: 'live:top' });
  loader.answer = () => ({ ok: true, value: { ended: true } });
  expect(await live.end()).toBe(true);
  expect(loader.asked).toEqual([
    ['live:rates', request],
    ['live:top', request],
    ['live:end', {}],
  ]);
  const error = { code: 'unavailable', message: 'Six other filters.', retry_after_ms: 5 };
  loader.answer = () => ({ ok: false, error });
  expect(await failure(live.rates(request))).toMatchObject({ code: 'unavailable', message: 'Six other filters.' });
});

describe('recorded packets', () => {
  const RANGE = { from_ms: 1, to_ms: 2 };

  test('are asked about with one call each', async () => {
    const packetlog = await client();
    loader.answer = (event) => ({ ok: true, value: { event } });
    const { past } = packetlog;
    expect(await past.facts()).toEqual({ event: 'past:facts' });
    expect(await past.rates({ ...RANGE, max_steps: 5 })).toEqual({ event: 'past:rates' });
    expect(await past.top({ ...RANGE, filter: 'deny' })).toEqual({ event: 'past:top' });
    expect(await past.firstSeen(['192.0.2.1'])).toEqual({ event: 'past:first_seen' });
    expect(await past.dryRun({ ...RANGE, default_policy: 'deny' })).toEqual({ event: 'past:dry_run' });
    expect(await past.learn({ ...RANGE, sources: ['192.0.2.1'] })).toEqual({ event: 'past:learn' });
    expect(await past.bookmark({ ...RANGE, note: 'n' })).toEqual({ event: 'past:bookmark' });
    await past.unbookmark(3);
    loader.answer = () => ({ ok: true, value: { cancelled: true } });
    expect(await past.cancel('top')).toBe(true);
    expect(loader.asked).toEqual([
      ['past:facts', {}],
      ['past:rates', { ...RANGE, max_steps: 5 }],
      ['past:top', { ...RANGE, filter: 'deny' }],
      ['past:first_seen', { addresses: ['192.0.2.1'] }],
      ['past:dry_run', { ...RANGE, default_policy: 'deny' }],
      ['past:learn', { ...RANGE, sources: ['192.0.2.1'] }],
      ['past:bookmark', { ...RANGE, note: 'n' }],
      ['past:unbookmark', { id: 3 }],
      ['past:cancel', { question: 'top' }],
    ]);
  });

  test('arrive as a view, with the place of the page before', async () => {
    const record = PacketLogBatch.from(rows(0, 2));
    const bytes = new Uint8Array(128);
    for (const i of [0, 1]) record.copyRecord(i, bytes, i * 64);
    const records = Buffer.from(bytes).toString('base64');
    loader.answer = () => ({ ok: true, value: { records, interfaces: [{ ifindex: 1, name: 'eth0' }], next: '1-2-3' } });
    const page = await (await client()).past.rows({ ...RANGE, limit: 2 });
    expect(page.next).toBe('1-2-3');
    expect([...page.packets]).toMatchObject([{ dst_port: 443 }, { dst_port: 443 }]);
    loader.answer = () => ({ ok: true, value: { records: '', interfaces: [] } });
    const last = await (await client()).past.rows({ ...RANGE, limit: 2, before: page.next });
    expect([last.packets.length, last.next]).toEqual([0, undefined]);
  });

  test('that are not recorded, and questions without an answer, become errors', async () => {
    const packetlog = await client({ timeoutMs: 3_000 });
    loader.answer = () => ({ ok: false, error: { code: 'unavailable', message: 'Start it with --record on.' } });
    const error = await failure(packetlog.past.facts());
    expect(error).toMatchObject({ code: 'unavailable', message: 'Start it with --record on.' });
    loader.answer = undefined;
    const unanswered = await failure(packetlog.past.facts());
    expect(unanswered).toMatchObject({ code: 'unanswered', message: expect.stringContaining('a shorter range') });
  });
});

describe('the connection', () => {
  test('a wrong token is rejected at once', async () => {
    const error = await failure(connect(loader.url, { token: 'wrong' }));
    expect(error).toMatchObject({ code: 'unauthorized', message: 'Wrong token.' });
  });

  test('a loader that does not answer is reported after the timeout', async () => {
    const { url } = loader;
    await loader.close();
    const error = await failure(connect(url, { token: TOKEN, timeoutMs: 100 }));
    expect(error.code).toBe('unreachable');
    expect(error.message).toContain(url);
  });

  test('reconnects, and a request waits for the connection', async () => {
    const packetlog = await client();
    const port = Number(new URL(loader.url).port);
    await loader.close();
    await vi.waitFor(() => expect(packetlog.connected).toBe(false));
    loader = await startFakeLoader(port);
    loader.answer = () => ({ ok: true, value: { revision: 2, rule: RULE } });
    expect((await packetlog.deny('203.0.113.7')).id).toBe(7);
  });

  test('a loader that restarted with another token ends the client with that reason', async () => {
    const packetlog = await client();
    const port = Number(new URL(loader.url).port);
    await loader.close();
    await vi.waitFor(() => expect(packetlog.connected).toBe(false));
    loader = await startFakeLoader(port);
    loader.rejection = { code: 'unauthorized', message: 'The token is wrong.' };
    // The first request waits for the loader to come back; the second fails at once.
    expect((await failure(packetlog.rules())).code).toBe('unauthorized');
    expect((await failure(packetlog.rules())).code).toBe('unauthorized');
  });

  test('a rejection that does not last is waited for, such as by a hub whose node is away', async () => {
    const packetlog = await client();
    const port = Number(new URL(loader.url).port);
    await loader.close();
    await vi.waitFor(() => expect(packetlog.connected).toBe(false));
    loader = await startFakeLoader(port);
    loader.rejection = { code: 'unavailable', message: 'The hub does not hear web1 now.', retry_after_ms: 10 };
    await vi.waitFor(() => expect(loader.rejections).toBeGreaterThan(1));
    loader.rejection = undefined;
    loader.answer = () => ({ ok: true, value: { revision: 2, rule: RULE } });
    expect((await packetlog.deny('203.0.113.7')).id).toBe(7);
  });
});

describe('packets', () => {
  test('arrive in batches that match the filter, until the loop ends', async () => {
    const packetlog = await client();
    const stream = packetlog.packets({ filter: 'tcp dst port 443', maxRowsPerSecond: 500 });
    const subscribed = loader.subscribed();
    const seen: number[] = [];
    void subscribed.then((socket) => {
      for (let i = 0; i < 3; i++) socket.emit('packets', rows(i, 10, { dropped: 4, withheld: 2, filtered: 3 }));
    });
    for await (const batch of stream) {
      seen.push(batch.length);
      expect([...batch][0]).toMatchObject({ src_addr: '192.0.2.1', dst_port: 443 });
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([10, 10, 10]);
    expect(stream).toMatchObject({ lost: { byLoader: 4, byQueue: 0 }, withheld: 2, filtered: 3, interruptions: 0 });
    expect(loader.asked).toEqual([['subscribe', { filter: 'tcp dst port 443', max_rows_per_second: 500 }]]);
    const socket = await subscribed;
    if (socket.connected) await new Promise((resolve) => socket.once('disconnect', resolve));
  });

  test('a slow loop loses rows, and the number is reported', async () => {
    const packetlog = await client();
    const stream = packetlog.packets({ queueBytes: 1 });
    const first = stream.next();
    const socket = await loader.subscribed();
    for (let i = 0; i < 10; i++) socket.emit('packets', rows(i, 100));
    // The answer arrives behind the batches on the same connection.
    await socket
      .timeout(5_000)
      .emitWithAck('ping')
      .catch(() => {});
    expect((await first).value?.length).toBe(100);
    const { byQueue } = stream.lost;
    expect(byQueue).toBeGreaterThan(0);
    expect(byQueue % 100).toBe(0);
    await stream.return();
  });

  test('a filter that does not parse makes the loop throw', async () => {
    loader.answer = () => ({ ok: false, error: { code: 'invalid', message: 'Did you mean "port"?' } });
    const error = await failure((await client()).packets({ filter: 'prot 22' }).next());
    expect(error).toMatchObject({ code: 'invalid', message: 'Did you mean "port"?' });
  });

  test('an interruption is counted, and earlier counts are kept', async () => {
    const packetlog = await client();
    const stream = packetlog.packets();
    const first = stream.next();
    const socket = await loader.subscribed();
    socket.emit('packets', rows(0, 1, { dropped: 5, withheld: 3, filtered: 7 }));
    await first;
    const again = loader.subscribed();
    socket.conn.close();
    const second = stream.next();
    (await again).emit('packets', rows(0, 1, { dropped: 2, withheld: 1, filtered: 4 }));
    expect((await second).done).toBe(false);
    expect(stream).toMatchObject({ interruptions: 1, lost: { byLoader: 7, byQueue: 0 }, withheld: 4, filtered: 11 });
    await stream.return();
  });

  test('counts of rows not received arrive without rows, and are kept when another loader takes over', async () => {
    const packetlog = await client();
    const stream = packetlog.packets({ filter: 'port 9' });
    const next = stream.next();
    const report = (filtered: number) => ({ client: { ...HOP, filtered } });
    (await loader.subscribed()).emit('ledger', report(100));
    await vi.waitFor(() => expect(stream.filtered).toBe(100));
    const port = Number(new URL(loader.url).port);
    await loader.close();
    loader = await startFakeLoader(port);
    const socket = await loader.subscribed();
    for (const bad of [undefined, null, 'x', { client: { ...HOP, filtered: 'many' } }]) socket.emit('ledger', bad);
    socket.emit('ledger', report(20));
    await vi.waitFor(() => expect(stream).toMatchObject({ filtered: 120, interruptions: 1 }));
    await stream.return();
    expect((await next).done).toBe(true);
  });

  test('an abort signal ends the loop with its reason', async () => {
    const packetlog = await client();
    const controller = new AbortController();
    const next = packetlog.packets({ signal: controller.signal }).next();
    await loader.subscribed();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  test('closing the client ends running loops', async () => {
    const packetlog = await client();
    const next = packetlog.packets().next();
    await loader.subscribed();
    await packetlog.close();
    expect(await next).toEqual({ value: undefined, done: true });
  });
});

describe('bans', () => {
  const BANS = {
    at_ms: 5,
    active: 1,
    max_active: 10_000,
    newest: [],
    decided: { ban: 1, would_ban: 0, not_banned: 0 },
    undone: 0,
  };
  const DECISION = {
    ...{ id: 3, at_ms: 5, kind: 'ban', source: '203.0.113.7', rule: RULE, connections: 21, ports: [22], samples: [] },
    ...{ attempts: { in_1_s: 1, in_10_s: 9, in_60_s: 21 }, guards: [], strike: 1, duration_ms: 1 },
  };

  test('are asked for, and undone', async () => {
    loader.answer = (event) => ({
      ok: true,
      value: event === 'bans:decisions' ? { decisions: [DECISION] } : { undone: [3] },
    });
    const { bans } = await client({ adminToken: 'a' });
    expect(await bans.decisions({ source: '203.0.113.7' })).toEqual([DECISION]);
    expect(await bans.undo({ id: 3, never: true })).toEqual({ undone: [3] });
    loader.answer = () => ({ ok: false, error: { code: 'not_found', message: 'No ban 3 is in force.' } });
    expect(await failure(bans.undo({ id: 3 }))).toMatchObject({ code: 'not_found', message: 'No ban 3 is in force.' });
    expect(loader.asked).toEqual([
      ['bans:decisions', { source: '203.0.113.7' }],
      ['bans:undo', { id: 3, never: true }],
      ['bans:undo', { id: 3 }],
    ]);
  });

  test('and decisions are passed to listeners until these end; what has another shape is not', async () => {
    const { bans } = await client();
    const [changed, decided] = [vi.fn(), vi.fn()];
    const endings = [bans.onChange(changed), bans.onDecision(decided)];
    loader.server.emit('decision', { id: 'three' });
    loader.server.emit('bans', BANS);
    loader.server.emit('decision', DECISION);
    await vi.waitFor(() => expect(decided).toHaveBeenCalledWith(DECISION));
    expect(changed).toHaveBeenCalledWith(BANS);
    expect(bans.current).toEqual(BANS);
    for (const end of endings) end();
    loader.server.emit('bans', { ...BANS, active: 0 });
    await vi.waitFor(() => expect(bans.current?.active).toBe(0));
    expect([changed, decided].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });
});
