import { describe, expect, it, vi } from 'vitest';
import type { FleetAccess, FleetQuestion } from '../ipc/fleet/fleet-access.ts';
import type { PastCaller } from '../ipc/past-access.ts';
import type { Caller, RulesAccess } from '../ipc/rules-access.ts';
import type { ServerRequest } from '../ipc/server-messages.ts';
import { digestOf } from '../ipc/token-digest.ts';
import { ServerRequests } from './server-requests.ts';

const ADMIN = 'the-admin-token-of-this-test';

function requests() {
  const callers: Caller[] = [];
  const answers: [number, unknown][] = [];
  const failed = vi.fn();
  let release: () => void = () => {};
  const rules = {
    snapshot: () => ({ revision: 3 }),
    ask: async (verb: string, _: unknown, caller: Caller) => {
      callers.push(caller);
      if (verb === 'undo') throw new Error('broken');
      if (verb === 'test') await new Promise<void>((resolve) => (release = resolve));
      return { ok: true, value: verb };
    },
  } as unknown as RulesAccess;
  const ofBans: Caller[] = [];
  const past: PastCaller[] = [];
  const it = new ServerRequests({
    rules,
    bans: {
      ask: async (verb, _request, caller) => {
        ofBans.push(caller);
        return { ok: false, error: { code: 'invalid', message: verb } };
      },
    },
    past: {
      ask: async (verb, _request, caller) => {
        past.push(caller);
        return { ok: true, json: `"${verb}"` };
      },
    },
    fleet: {
      granted: (token: string) =>
        token.startsWith('plg1.') ? { person: 'ann', mayChange: token === GRANT } : undefined,
      ask: async ({ verb }: FleetQuestion) => ({ ok: true, value: verb }),
    } as unknown as FleetAccess,
    adminDigest: () => digestOf(ADMIN),
    listeners: async () => [],
    isHealthy: () => true,
    answer: (request, value) => answers.push([request, value]),
    failed,
  });
  return { it, past, ofBans, callers, answers, failed, release: () => release() };
}

const GRANT = 'plg1.may-change';
const CLIENT = 7;
const FROM_CLIENT = { client: CLIENT, address: '192.0.2.1' };
const add = (address: string, admin_token?: string): ServerRequest => ({
  about: 'rules',
  client: CLIENT,
  verb: 'add',
  request: {},
  address,
  admin_token,
});

describe('requests of the server', () => {
  it('may change rules only with the admin token, whatever the server says', async () => {
    const { it: over, callers } = requests();
    for (const token of [undefined, '', 'guessed', digestOf(ADMIN), ADMIN])
      over.handle(callers.length, add('192.0.2.1', token));
    await vi.waitFor(() => expect(callers).toHaveLength(5));
    expect(callers.map(({ mayChange }) => mayChange)).toEqual([false, false, false, false, true]);
    expect(callers.map(({ who }) => who.name)).toEqual(['token', 'token', 'token', 'token', 'admin token']);
    expect(callers.every(({ mayNameFiles, client }) => !mayNameFiles && client === CLIENT)).toBe(true);
  });

  it('may change bookmarks only with the admin token, whatever the server says', async () => {
    const { it: over, past, answers } = requests();
    for (const [i, admin_token] of [undefined, 'guessed', digestOf(ADMIN), ADMIN].entries())
      over.handle(i, {
        about: 'past',
        verb: 'bookmark',
        request: {},
        ...FROM_CLIENT,
        admin_token,
      });
    await vi.waitFor(() => expect(answers).toHaveLength(4));
    expect(past.map(({ mayChange, client }) => [mayChange, client])).toEqual([
      ...[false, false, false].map((may) => [may, CLIENT]),
      [true, CLIENT],
    ]);
    over.end();
  });

  it('may undo bans only with the admin token, whatever the server says', async () => {
    const { it: over, ofBans, answers } = requests();
    for (const [i, admin_token] of [undefined, 'guessed', digestOf(ADMIN), ADMIN].entries())
      over.handle(i, { ...FROM_CLIENT, about: 'bans', verb: 'undo', request: { id: 1 }, admin_token });
    await vi.waitFor(() => expect(answers).toHaveLength(4));
    expect(ofBans.map(({ mayChange }) => mayChange)).toEqual([false, false, false, true]);
    expect(ofBans.at(-1)?.who).toEqual({ name: 'admin token', via: 'socket', address: '192.0.2.1' });
  });

  it('may change rules with a grant that permits it, as the person that it names', async () => {
    const { it: over, callers, ofBans, past, answers } = requests();
    const tokens = ['plg1.read-only', GRANT];
    for (const [i, admin_token] of tokens.entries()) {
      over.handle(3 * i, add('192.0.2.1', admin_token));
      over.handle(3 * i + 1, { ...FROM_CLIENT, about: 'bans', verb: 'undo', request: { id: 1 }, admin_token });
      over.handle(3 * i + 2, { ...FROM_CLIENT, about: 'past', verb: 'bookmark', request: {}, admin_token });
    }
    await vi.waitFor(() => expect(answers).toHaveLength(6));
    for (const asked of [callers, ofBans, past]) expect(asked.map(({ mayChange }) => mayChange)).toEqual([false, true]);
    expect([...callers, ...ofBans].map(({ who }) => who.name)).toEqual([
      'token',
      'ann via hub',
      'token',
      'ann via hub',
    ]);
  });

  it('of hubs are answered by the fleet', async () => {
    const { it: over, answers } = requests();
    over.handle(1, { about: 'fleet', question: { verb: 'repair', hub: 0 } });
    await vi.waitFor(() => expect(answers).toEqual([[1, { ok: true, value: 'repair' }]]));
  });

  it('are recorded with their address only if it is one', async () => {
    const { it: over, callers } = requests();
    for (const [i, address] of ['192.0.2.1', '::1', 'evil\n', ''].entries()) over.handle(i, add(address));
    await vi.waitFor(() => expect(callers).toHaveLength(4));
    expect(callers.map(({ who }) => who.address)).toEqual(['192.0.2.1', '::1', undefined, undefined]);
  });

  it('are answered by number; a failure is reported, and answered', async () => {
    const { it: over, answers, failed } = requests();
    over.handle(1, { about: 'snapshot' });
    over.handle(2, { about: 'health' });
    over.handle(3, { about: 'listeners' });
    over.handle(4, { about: 'rules', verb: 'undo', request: {}, client: CLIENT, address: '192.0.2.1' });
    await vi.waitFor(() => expect(answers).toHaveLength(4));
    expect(Object.fromEntries(answers)).toEqual({ 1: { revision: 3 }, 2: true, 3: [], 4: undefined });
    expect(failed).toHaveBeenCalledOnce();
  });

  it('that wait are bounded, and stop when the client or the server has gone', async () => {
    const { it: over, callers, answers, release } = requests();
    for (let i = 0; i < 600; i++) over.handle(i, { ...add('192.0.2.1'), verb: 'test' } as ServerRequest);
    await vi.waitFor(() => expect(callers).toHaveLength(512));
    expect(answers).toHaveLength(88);
    expect(answers[0]?.[1]).toMatchObject({ ok: false, error: { code: 'unavailable', retry_after_ms: 1000 } });
    over.cancel(511);
    expect(callers[511]?.gone?.aborted).toBe(true);
    over.end();
    expect(callers.every(({ gone }) => gone?.aborted)).toBe(true);
    release();
  });
});
