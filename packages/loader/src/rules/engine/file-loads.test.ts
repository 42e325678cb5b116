import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, rejection } from '../../../test/support/fake-kernel.ts';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

const rule = (id: number, source: string, rest: object = {}) =>
  ({
    id,
    action: 'deny',
    source,
    reason: '',
    created_by: 'file',
    created_at: '2026-01-01T00:00:00.000Z',
    ...rest,
  }) as const;
const ruleset = (...sources: string[]): Ruleset => ({
  ...EMPTY_RULESET,
  rules: sources.map((source, i) => rule(i + 1, source)),
  nextId: sources.length + 1,
});
const load = (read: Ruleset) => fake.service.load(async () => read, 'SIGHUP');
const alarms = () => fake.service.alarms.all.map(({ code, message }) => `${code}: ${message}`);
const PEER = { kind: 'ssh_peer', address: '203.0.113.9', ports: [22] } as const;

describe('an edit of the rules file', () => {
  it.each<[string, () => Ruleset, RegExp]>([
    ['locks out a protected address', () => ruleset('203.0.113.0/24'), /SSH session from 203\.0\.113\.9/],
    ['names a set that is not there', () => ruleset('set:typo'), /there is no set typo/],
    ['says more than the tables hold', () => ruleset(...Array.from({ length: 70 }, (_, i) => `10.0.0.${i}`)), /./],
  ])(
    'that %s is rejected, at start and later; the rules before it are in force, and the alarm stays',
    async (_, edited, why) => {
      fake.world.protected = [PEER];
      await fake.begin(ruleset('192.0.2.1'), edited());
      const expectRejected = () => {
        expect(fake.kernel.verdict('192.0.2.1')).toBe('deny 1');
        expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('permit');
        expect(alarms()).toEqual([expect.stringMatching(/^rules_file: The rules file \S+ was edited and is rejected/)]);
        expect(alarms()[0]).toMatch(why);
        expect(fake.audit.at(-1)).toMatchObject({ what: 'fallback', who: { via: 'file' } });
      };
      expectRejected();
      expect(await rejection(load(edited()))).toBeDefined();
      expectRejected();
      await load(ruleset('192.0.2.1', '192.0.2.2'));
      expect(alarms()).toEqual([]);
      expect(fake.kernel.verdict('192.0.2.2')).toBe('deny 2');
    },
  );

  it('is rejected when it unprotects and denies an address in one step', async () => {
    await fake.begin({ ...ruleset('192.0.2.1'), protect: ['203.0.113.9'] });
    expect(await rejection(load(ruleset('203.0.113.0/24')))).toMatchObject({ code: 'lockout' });
    expect(fake.kernel.verdict('203.0.113.9')).toBe('permit');
    await load(ruleset('192.0.2.1'));
    await load(ruleset('203.0.113.0/24'));
    expect(fake.kernel.verdict('203.0.113.9')).toBe('deny 1');
  });

  it('is an error when no earlier rules could take its place', async () => {
    fake.world.protected = [PEER];
    const start = { base: EMPTY_RULESET, from: 'nothing', edited: ruleset('203.0.113.0/24') } as const;
    const begun = fake.service.begin({ ...start, fileAlarm: undefined, lost: [] });
    expect(await rejection(begun)).toMatchObject({ code: 'lockout' });
  });

  it('that is risky is pending; once confirmed it passes again, at start and later', async () => {
    await fake.begin(ruleset('192.0.2.1'), ruleset('any'));
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeDefined();
    await fake.service.confirm({ name: 'root', via: 'control' });
    expect(fake.saved.at(-1)?.rules).toMatchObject([{ source: 'any' }]);
    await load(ruleset('192.0.2.1'));
    expect((await load(ruleset('any')))?.pending).toBeUndefined();
    expect(fake.kernel.verdict('192.0.2.7')).toBe('deny 1');
  });

  it('that is risky and was not confirmed is tried again on request, but not at start', async () => {
    fake = fakeService({ confirmMs: 50 });
    await fake.begin(ruleset('192.0.2.1'), ruleset('any'));
    await vi.waitFor(() => expect(alarms()).toEqual([expect.stringMatching(/was not confirmed and has reverted/)]));
    await fake.begin(ruleset('192.0.2.1'), ruleset('any'));
    expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
    expect(alarms()).toEqual([expect.stringMatching(/was not confirmed in time/)]);
    expect((await load(ruleset('any')))?.pending).toBeDefined();
    expect(alarms()).toEqual([]);
  });

  it('that was not confirmed does not keep a loader without other rules from starting', async () => {
    const first = {
      base: EMPTY_RULESET,
      from: 'nothing',
      edited: ruleset('any'),
      fileAlarm: undefined,
      lost: [],
    } as const;
    await fake.service.begin(first);
    await fake.service.revert({ name: 'root', via: 'control' });
    await fake.service.begin(first);
    expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
    expect(alarms()).toEqual([expect.stringMatching(/was not confirmed in time/)]);
    expect((await load(ruleset('any')))?.pending).toBeDefined();
  });

  it('is in force where no copy of it can be kept, with an alarm until one can', async () => {
    fake.world.saveFault = new Error('EROFS: read-only file system');
    await fake.begin(ruleset('192.0.2.1'), ruleset('192.0.2.2'));
    expect(fake.kernel.verdict('192.0.2.2')).toBe('deny 1');
    expect(alarms()).toEqual([expect.stringMatching(/^state_directory: The rules are in force, but no copy.*EROFS/)]);
    fake.world.saveFault = undefined;
    await fake.add({ source: '192.0.2.3' });
    expect(alarms()).toEqual([]);
  });

  it('that was accepted with a permit rule is checked again when the permit has expired', async () => {
    const end = Date.now() + 60_000;
    const permitting = {
      ...ruleset('203.0.113.0/24'),
      rules: [
        rule(1, '203.0.113.0/24'),
        rule(2, '203.0.113.9', { action: 'permit', expires_at: new Date(end).toISOString() }),
      ],
      nextId: 3,
    };
    fake.world.protected = [PEER];
    await fake.begin();
    await load(permitting);
    await load(ruleset('192.0.2.1'));
    const clock = vi.spyOn(Date, 'now').mockReturnValue(end + 1000);
    try {
      expect(await rejection(load(permitting))).toMatchObject({ code: 'lockout' });
    } finally {
      clock.mockRestore();
    }
  });

  it('that holds a rule that has expired is known again when it was not confirmed, and when nothing was edited', async () => {
    const over = rule(7, '192.0.2.77', { expires_at: '2026-01-02T00:00:00.000Z' });
    const withOver = (one: Ruleset) => ({ ...one, rules: [...one.rules, over] });
    await fake.begin(ruleset('192.0.2.1'), withOver(ruleset('any')));
    await fake.service.revert({ name: 'root', via: 'control' });
    await fake.begin(ruleset('192.0.2.1'), withOver(ruleset('any')));
    expect(fake.kernel.verdict('192.0.2.7')).toBe('permit');
    await fake.add({ source: 'any' });
    await load(withOver(ruleset('192.0.2.1')));
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeDefined();
  });

  it('is read in its turn: changes that were answered before stay', async () => {
    await fake.begin(ruleset('192.0.2.1'));
    const added = fake.add({ source: '192.0.2.2' });
    // Saves the file as it is at that moment.
    await fake.service.load(async () => fake.saved.at(-1) ?? ruleset('192.0.2.1'), 'SIGHUP');
    await added;
    expect(fake.kernel.verdict('192.0.2.2')).toBe('deny 2');
  });

  it('leaves a pending change as it is when nothing was edited', async () => {
    await fake.begin(ruleset('192.0.2.1'));
    await fake.add({ source: 'any' });
    await load(ruleset('192.0.2.1'));
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeDefined();
    expect(fake.kernel.verdict('192.0.2.7')).toBe('deny 2');
  });
});

describe('a permit that expires', () => {
  const HOUR_MS = 3_600_000;

  it('and leaves a protected address denied is reported when it is added, and stays an alarm until it is resolved', async () => {
    fake.world.protected = [PEER];
    await fake.begin();
    const permit = { action: 'permit', source: '203.0.113.9' } as const;
    expect((await fake.add({ ...permit, for: '1h' })).warning).toBeUndefined();
    const { warning } = await fake.add({ source: '203.0.113.0/24' });
    expect(warning).toMatch(/^When rule 1 expires at \S+Z, the SSH session from 203\.0\.113\.9 will be locked out\./);
    expect(alarms()).toEqual([`lockout_ahead: ${warning}`]);
    expect((await fake.add({ source: '192.0.2.1' })).warning).toBeUndefined();
    await fake.add(permit);
    expect(alarms()).toEqual([]);
  });

  it('is reported once more shortly before', async () => {
    fake.world.protected = [PEER];
    await fake.begin();
    await fake.add({ action: 'permit', source: '203.0.113.9', for: '1h' });
    await fake.add({ source: '203.0.113.0/24' });
    const notices = () => fake.notices.filter(({ message }) => message.startsWith('When rule 1 expires'));
    fake.service.checkExpiringPermits();
    expect(notices()).toEqual([]);
    const now = Date.now;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + HOUR_MS - 60_000);
    try {
      fake.service.checkExpiringPermits();
      fake.service.checkExpiringPermits();
      expect(notices()).toHaveLength(1);
    } finally {
      clock.mockRestore();
    }
  });
});
