// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bans as BansState,
  type Decision,
  decisionText,
  FIRST_BAN_RULE_ID,
  type Notice,
  type Rule,
} from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../test/support/fake-kernel.ts';
import { adding, addingMany } from '../rules/engine/change.ts';
import { EMPTY_RULESET, type Ruleset } from '../rules/ruleset/ruleset.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import { Bans, type BansOptions } from './bans.ts';
import { BansStore } from './bans-store.ts';
import type { OldConnection } from './guards.ts';
import type { Offender } from './offender.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SSH: Rule = {
  id: 3,
  action: 'limit',
  source: 'any',
  protocol: 'tcp',
  destination_port: 22,
  rate: '20/min',
  measure: 'connections',
  then: 'ban:1h..24h',
  enforce: true,
  reason: 'ssh',
  created_by: 'root',
  created_at: '2026-01-01T00:00:00.000Z',
};
const NO_EVIDENCE = { attempts: { in_1_s: 1, in_10_s: 9, in_60_s: 21 }, ports: [22], samples: [], isSampled: false };

let directory = '';
let fake: ReturnType<typeof fakeService>;
/** Time since the boot, and what was added to the wall clock. */
let clock = { upMs: 0, setMs: 0, bootId: 'one' };
let world: {
  rules: Rule[];
  protected: Protected[];
  connection: OldConnection | undefined;
  decided: Decision[];
  states: BansState[];
  notices: Notice[];
  audited: string[];
};
const START = Date.now();
const wallMs = () => START + clock.upMs + clock.setMs;
const ruleset = (): Ruleset => ({ ...EMPTY_RULESET, rules: [...world.rules, ...fake.service.ruleset.rules] });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-bans-'));
  fake = fakeService();
  await fake.begin();
  clock = { upMs: 0, setMs: 0, bootId: 'one' };
  world = { rules: [SSH], protected: [], connection: undefined, decided: [], states: [], notices: [], audited: [] };
});
afterEach(async () => {
  await fake.end();
  rmSync(directory, { recursive: true });
});

const paths = () => ({ bans: join(directory, 'bans.json'), decisions: join(directory, 'decisions.ndjson') });

function open(options: Partial<BansOptions> = {}): Bans {
  const notice = (each: Notice) => world.notices.push(each);
  return new Bans({
    store: new BansStore(paths(), notice),
    clock: { wallMs, upMs: () => clock.upMs, bootId: clock.bootId },
    maxActive: () => 10_000,
    enforce: (rules) => fake.service.changeBans(rules),
    ruleset,
    protectedNow: () => world.protected,
    oldConnection: () => world.connection,
    packets: () => 0,
    permit: async (sources, reason, who) => {
      const rules = sources.map((source) => ({ action: 'permit' as const, source, reason }));
      return (await fake.service.ask(addingMany({ rules }, who))).value.rules.map(({ rule }) => rule.id);
    },
    audit: (who, why) => world.audited.push(`${who.name}: ${why}`),
    notice,
    changed: (state) => world.states.push(state),
    decided: (decision) => world.decided.push(decision),
    ...options,
  });
}

/** Counts what the kernel reports: each episode and connection is a new one, unless a test says otherwise. */
let episode = 1n;
const offender = (source: string, changes: Partial<Offender> = {}): Offender => ({
  limitRule: SSH.id,
  source,
  overSinceNs: episode++,
  connections: 21,
  withinMs: 4000,
  evidence: NO_EVIDENCE,
  ...changes,
});
const verdict = (source: string) => fake.kernel.verdict(source, 22, wallMs());
const banOf = (decision: number) => `deny ${FIRST_BAN_RULE_ID + decision}`;
const kinds = () => world.decided.map(({ kind, source }) => `${kind} ${source}`);
const guardsOf = (decision: Decision | undefined) =>
  decision?.guards.flatMap(({ guard, passed, note }) => (passed ? [] : `${guard}: ${note}`));

describe('an offender', () => {
  it('is banned, and the decision explains it with every guard', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7')]);
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    expect(fake.kernel.verdict('203.0.113.7', 443, wallMs())).toBe(banOf(1));
    const [decision] = world.decided as [Decision];
    expect(decision).toMatchObject({
      id: 1,
      kind: 'ban',
      source: '203.0.113.7',
      rule: SSH,
      connections: 21,
      strike: 1,
      duration_ms: HOUR,
      ends_at_ms: wallMs() + HOUR,
      ban_rule: FIRST_BAN_RULE_ID + 1,
      guards: [
        'permit_rule',
        'protect_list',
        'operator',
        'infrastructure',
        'other_connections',
        'verified',
        'ban_limit',
      ].map((guard) => ({ guard, passed: true })),
    });
    expect(decisionText(decision)).toBe(
      'banned for 1 h: 21 connections to tcp port 22 in 4 s, limit 20/min; all verified',
    );
    expect(world.states.at(-1)).toMatchObject({ active: 1, newest: [{ decision: 1, source: '203.0.113.7' }] });
    expect(bans.list({ limit: 9 })).toMatchObject({ active: 1, bans: [{ decision: 1, limit_rule: 3, strike: 1 }] });
  });

  it('is banned once: attempts during the ban do not move its end', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7')]);
    const { ends_at_ms } = world.decided[0] as Decision;
    clock.upMs += 30 * 60_000;
    await bans.offenders([offender('203.0.113.7', { connections: 400 })]);
    expect(world.decided).toHaveLength(1);
    expect(bans.list({ limit: 9 }).bans[0]?.ends_at_ms).toBe(ends_at_ms);
    clock.upMs = HOUR - 1;
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    clock.upMs = HOUR;
    expect(verdict('203.0.113.7')).toBe('permit');
  });

  it('is banned for longer each time, until it was not banned for a week', async () => {
    const bans = open();
    const lasted: number[] = [];
    for (const pauseMs of [0, DAY, DAY, DAY, DAY, 7 * DAY + DAY]) {
      clock.upMs += pauseMs;
      await bans.tick();
      await bans.offenders([offender('203.0.113.7')]);
      lasted.push((world.decided.at(-1)?.duration_ms ?? 0) / HOUR);
    }
    expect(lasted).toEqual([1, 4, 16, 24, 24, 1]);
    expect(world.decided.map(({ strike }) => strike)).toEqual([1, 2, 3, 4, 5, 1]);
  });

  it('is only reported if the limit observes, at most once a minute, and less often if nothing changes', async () => {
    world.rules = [{ ...SSH, enforce: false }];
    const bans = open();
    for (let second = 0; second < 3600; second += 10) {
      clock.upMs = second * 1000;
      await bans.offenders([offender('203.0.113.7', { connections: 21 + second })]);
    }
    expect(kinds()[0]).toBe('would_ban 203.0.113.7');
    expect(world.decided.map(({ at_ms }) => (at_ms - START) / 1000)).toEqual([0, 60, 300, 1260]);
    expect(verdict('203.0.113.7')).toBe('permit');
    expect(bans.state).toMatchObject({ active: 0 });
    expect(bans.list({ limit: 1 })).toEqual({ active: 0, bans: [] });
  });

  it('is not asked about again without a new connection', async () => {
    world.rules = [{ ...SSH, enforce: false }];
    const bans = open();
    const same = offender('203.0.113.7');
    await bans.offenders([same]);
    clock.upMs += DAY;
    await bans.offenders([same]);
    expect(world.decided).toHaveLength(1);
    await bans.offenders([{ ...same, connections: 22 }]);
    expect(world.decided).toHaveLength(2);
  });

  it('of a rule that is gone, or does not ban, is ignored', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7', { limitRule: 9 })]);
    world.rules = [{ ...SSH, then: undefined }];
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided).toEqual([]);
  });
});

describe('not banned', () => {
  it.each<[string, string, () => void]>([
    [
      'an operator',
      'operator: it is the address of an operator: 203.0.113.7',
      () => (world.protected = [{ kind: 'operator', address: '203.0.113.7', ports: [22] }]),
    ],
    [
      'the peer of an ssh session',
      'operator: it has an ssh session: 203.0.113.7',
      () => (world.protected = [{ kind: 'ssh_peer', address: '203.0.113.7', ports: [22] }]),
    ],
    [
      'the gateway',
      'infrastructure: it is a default gateway: 203.0.113.7',
      () => (world.protected = [{ kind: 'gateway', address: '203.0.113.7', ports: [] }]),
    ],
    [
      'a name server',
      'infrastructure: it is a name server: 203.0.113.7',
      () => (world.protected = [{ kind: 'dns', address: '203.0.113.7', ports: [] }]),
    ],
    [
      'a protected network',
      'protect_list: it is on the protect list: 203.0.113.0/24',
      () => (world.protected = [{ kind: 'protect', address: '203.0.113.0/24', ports: [] }]),
    ],
    [
      'a source with a permit rule, of any port',
      'permit_rule: rule 9 permits it',
      () => (world.rules = [SSH, { ...SSH, id: 9, action: 'permit', source: '203.0.113.0/28', destination_port: 443 }]),
    ],
    [
      'a source with another connection',
      'other_connections: it has another connection, to tcp port 443, 5 min old',
      () => (world.connection = { localPort: 443, ageMs: 300_000 }),
    ],
  ])('is %s', async (_, note, prepare) => {
    prepare();
    const bans = open();
    await bans.offenders([offender('203.0.113.7'), offender('198.51.100.1')].slice(0, world.connection ? 1 : 2));
    expect(guardsOf(world.decided[0])).toEqual([note]);
    expect(world.decided[0]).not.toHaveProperty('ends_at_ms');
    expect(verdict('203.0.113.7')).toBe('permit');
    if (!world.connection) expect(verdict('198.51.100.1')).toBe(banOf(2));
    expect(bans.list({ source: '203.0.113.7', limit: 9 }).bans).toEqual([]);
  });

  it('is a source without enough verified connections: it may be forged', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7', { connections: 19 })]);
    expect(guardsOf(world.decided[0])).toEqual([
      'verified: the kernel verified 19 connections, fewer than the 20 that the limit permits',
    ]);
    expect(verdict('203.0.113.7')).toBe('permit');
  });

  it('says each guard that objects', async () => {
    world.protected = [
      { kind: 'gateway', address: '203.0.113.7', ports: [] },
      { kind: 'dns', address: '203.0.113.7', ports: [] },
    ];
    world.connection = { localPort: 443, ageMs: undefined };
    await open().offenders([offender('203.0.113.7')]);
    expect(guardsOf(world.decided[0])).toHaveLength(2);
    expect(world.decided[0]?.guards).toHaveLength(7);
  });

  it('is an address that the lockout guard protects, although no guard knew; others of the same moment are', async () => {
    fake.world.protected = [{ kind: 'ssh_peer', address: '203.0.113.8', ports: [22] }];
    const bans = open();
    await bans.offenders(['203.0.113.7', '203.0.113.8', '203.0.113.9'].map((source) => offender(source)));
    expect(kinds()).toEqual(['ban 203.0.113.7', 'not_banned 203.0.113.8', 'ban 203.0.113.9']);
    expect(guardsOf(world.decided[1])).toEqual(['operator: it has an ssh session: 203.0.113.8']);
    expect(['203.0.113.7', '203.0.113.8', '203.0.113.9'].map(verdict)).toEqual([banOf(1), 'permit', banOf(3)]);
    expect(bans.state).toMatchObject({ active: 2, decided: { ban: 2, not_banned: 1 } });
    expect(JSON.parse(readFileSync(paths().bans, 'utf8')).strikes).toHaveLength(2);
  });

  it('is anyone while the kernel rejects the bans, and the next one counts as the first', async () => {
    const bans = open();
    fake.kernel.faults = [new Error('no memory')];
    await bans.offenders([offender('203.0.113.7')]);
    expect(guardsOf(world.decided[0])?.[0]).toMatch(/^ban_limit: the ban cannot be put in force: .*no memory/);
    clock.upMs += 60_000;
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided[1]).toMatchObject({ kind: 'ban', strike: 1 });
  });
});

describe('many offenders', () => {
  it('are banned 60 a minute, 10,000 in all; the limits still apply, and nothing is evicted', async () => {
    let rules: readonly Rule[] = [];
    const bans = open({
      enforce: async (now) => {
        rules = now;
      },
    });
    world.rules = [{ ...SSH, then: 'ban:30d' }];
    const sources = Array.from({ length: 20_000 }, (_, i) => `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`);
    await bans.offenders(sources.map((source) => offender(source)));
    expect(bans.state).toMatchObject({ active: 60 });
    expect(bans.recent.isLimited).toBe(true);
    for (let minute = 1; minute <= 180; minute++) {
      clock.upMs = minute * 60_000;
      const next = minute < 179 ? sources.slice(60 * minute, 60 * minute + 200) : sources;
      await bans.offenders(next.map((source) => offender(source)));
      if (minute < 100) expect(rules).toHaveLength(60 * (minute + 1));
    }
    expect(bans.state).toMatchObject({ active: 10_000, max_active: 10_000, decided: { ban: 10_000 } });
    expect(bans.state.newest).toHaveLength(50);
    expect(rules).toHaveLength(10_000);
    expect(rules.slice(0, 60).map(({ source }) => source)).toEqual(sources.slice(0, 60));
    const limited = world.notices.filter(({ code }) => code === 'bans_limited');
    // Once in ten minutes.
    expect(limited.length).toBeGreaterThan(1);
    expect(limited.length).toBeLessThan(20);
    expect(limited.at(-1)?.message).toMatch(/^No more bans are added: 10,000 bans are in force/);
    expect(bans.list({ limit: 1000 }).bans).toHaveLength(1000);
    // Later, when nothing offends any more.
    clock.upMs += 120_000;
    expect(bans.recent.isLimited).toBe(false);
  });

  it('are recorded 60 a minute if they are not banned, and counted', async () => {
    world.rules = [{ ...SSH, enforce: false }];
    const bans = open();
    await bans.offenders(
      Array.from({ length: 500 }, (_, i) => offender(`198.18.0.${i & 255}`, { overSinceNs: BigInt(i) })),
    );
    expect(bans.state.decided.would_ban).toBeGreaterThan(250);
    const stored = new BansStore(paths(), () => {}).log.find({ limit: 1000 }, wallMs());
    expect(stored).toHaveLength(60);
    expect(world.decided).toHaveLength(10);
  });
});

describe('a ban', () => {
  it('outlives the loader, with its strikes, and ids are not reused', async () => {
    await open().offenders([offender('203.0.113.7'), offender('2001:db8:1:2::/64')]);
    const next = open();
    expect(next.rules.map(({ source, id }) => [source, id])).toEqual([
      ['203.0.113.7', FIRST_BAN_RULE_ID + 1],
      ['2001:db8:1:2::/64', FIRST_BAN_RULE_ID + 2],
    ]);
    clock = { upMs: 2 * HOUR, setMs: 0, bootId: 'two' };
    const later = open();
    expect(later.rules).toEqual([]);
    await later.offenders([offender('203.0.113.7')]);
    expect(world.decided.at(-1)).toMatchObject({ id: 3, strike: 2, duration_ms: 4 * HOUR });
  });

  it.each([DAY, -DAY, 400 * DAY])('lasts as long as it would have when the clock is set by %d ms', async (setMs) => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7')]);
    clock.upMs = HOUR / 2;
    clock.setMs = setMs;
    await bans.tick();
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    clock.upMs = HOUR - 1;
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    clock.upMs = HOUR;
    expect(verdict('203.0.113.7')).toBe('permit');
    await bans.tick();
    expect(bans.state.active).toBe(0);
    // The strike moved along.
    clock.upMs += 7 * DAY - 1000;
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided.at(-1)?.strike).toBe(2);
  });

  it('lasts as long if the clock is set while no loader runs, and to its end after a reboot', async () => {
    await open().offenders([offender('203.0.113.7')]);
    clock.setMs = DAY;
    clock.upMs = 1000;
    const [rule] = open().rules;
    expect(Date.parse(rule?.expires_at ?? '')).toBe(START + HOUR + DAY);
    clock = { upMs: HOUR - 1, setMs: 0, bootId: 'two' };
    expect(open().rules).toHaveLength(1);
  });

  it('that has ended leaves the list and the kernel', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7')]);
    clock.upMs = HOUR;
    await bans.tick();
    expect(world.states.at(-1)).toMatchObject({ active: 0, newest: [] });
    expect(fake.kernel.verdict('203.0.113.7', 22, 0)).toBe('permit');
  });

  it('is restored from the decisions if its file is damaged, foreign or too big; the file is kept', async () => {
    await open().offenders([offender('203.0.113.7'), offender('203.0.113.8'), offender('203.0.113.9')]);
    const bans = open();
    await bans.undo({ id: 2 }, ROOT);
    const good = readFileSync(paths().bans);
    const faults = [
      good.subarray(0, good.length / 2),
      Buffer.from('{"version":2}'),
      Buffer.from('[]'),
      Buffer.alloc(17 * 1024 * 1024, 0x20),
      Buffer.from(''),
    ];
    for (const fault of faults) {
      writeFileSync(paths().bans, fault);
      world.notices = [];
      expect(open().rules.map(({ source }) => source)).toEqual(['203.0.113.7', '203.0.113.9']);
      expect(world.notices).toMatchObject([
        { code: 'bans_not_stored', message: expect.stringContaining('2 bans were restored') },
      ]);
    }
    expect(readdirSync(directory).some((name) => name.startsWith('bans.json.rejected-'))).toBe(true);
    rmSync(paths().bans, { force: true });
    expect(open().rules).toHaveLength(2);
    rmSync(paths().decisions);
    expect(open().rules).toEqual([]);
  });

  it('is in force although the disk takes nothing, which is said once', async () => {
    // Whatever the user, nothing can be written in place of a directory.
    mkdirSync(paths().bans);
    mkdirSync(paths().decisions);
    world.notices = [];
    const store = new BansStore(paths(), (each) => world.notices.push(each));
    const bans = open({ store });
    world.notices = [];
    await bans.offenders([offender('203.0.113.7')]);
    await bans.offenders([offender('203.0.113.8')]);
    expect([verdict('203.0.113.7'), verdict('203.0.113.8')]).toEqual([banOf(1), banOf(2)]);
    expect(store.failures).toBeGreaterThanOrEqual(2);
    expect(world.notices.length).toBeLessThan(4);
    expect(world.notices[0]).toMatchObject({ code: 'bans_not_stored', level: 'error' });
  });
});

describe('an undo', () => {
  const sources = ['203.0.113.7', '203.0.113.8', '198.51.100.9'];
  const start = async () => {
    const bans = open();
    await bans.offenders([offender(sources[0] as string)]);
    clock.upMs += 600_000;
    await bans.offenders([offender(sources[1] as string), offender(sources[2] as string)]);
    return bans;
  };
  const banned = () => sources.map((source) => verdict(source) !== 'permit');

  it.each<[string, Parameters<Bans['undo']>[0], boolean[]]>([
    ['a decision', { id: 2 }, [true, false, true]],
    ['a source', { source: '203.0.113.7' }, [false, true, true]],
    ['a network', { source: '203.0.113.0/24' }, [false, false, true]],
    ['a limit', { limit_rule: 3 }, [false, false, false]],
    ['the last minutes', { last_ms: 60_000 }, [true, false, false]],
  ])('ends the bans of %s', async (_, request, left) => {
    const bans = await start();
    await bans.undo(request, ROOT);
    expect(banned()).toEqual(left);
    expect(open().rules).toHaveLength(left.filter(Boolean).length);
    expect(bans.state.undone).toBe(left.filter((is) => !is).length);
  });

  it('is recorded in the decision and the audit file, and its strike does not count', async () => {
    const bans = await start();
    expect(await bans.undo({ id: 1 }, ROOT)).toEqual({ undone: [1], permit_rules: [] });
    const [decision] = new BansStore(paths(), () => {}).log.find({ id: 1, limit: 1 }, wallMs());
    expect(decision?.undone).toEqual({ at_ms: wallMs(), by: 'root' });
    expect(world.audited).toEqual(['root: ban 1']);
    clock.upMs += HOUR;
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided.at(-1)).toMatchObject({ kind: 'ban', strike: 1, duration_ms: HOUR });
  });

  it('is not taken back by the connections that led to the ban', async () => {
    const bans = open();
    const first = offender('203.0.113.7');
    await bans.offenders([first]);
    await bans.undo({ id: 1 }, ROOT);
    clock.upMs += 120_000;
    await bans.offenders([{ ...first, connections: 30 }]);
    expect(verdict('203.0.113.7')).toBe('permit');
    await bans.offenders([offender('203.0.113.7')]);
    expect(verdict('203.0.113.7')).toBe(banOf(2));
  });

  it('with never adds a permit rule, which users can undo, and prevents the next ban', async () => {
    const bans = await start();
    const undone = await bans.undo({ source: '203.0.113.0/24', never: true }, ROOT);
    expect(undone).toEqual({ undone: [1, 2], permit_rules: [1, 2] });
    expect(fake.service.ruleset.rules).toMatchObject([
      { action: 'permit', source: '203.0.113.7', reason: 'never ban', created_by: 'root' },
      { action: 'permit', source: '203.0.113.8' },
    ]);
    const [decision] = new BansStore(paths(), () => {}).log.find({ id: 2, limit: 1 }, wallMs());
    expect(decision?.undone).toMatchObject({ by: 'root', permit_rule: 2 });
    clock.upMs += HOUR;
    await bans.offenders([offender('203.0.113.8')]);
    expect(guardsOf(world.decided.at(-1))).toEqual(['permit_rule: rule 2 permits it']);
  });

  it.each<[Parameters<Bans['undo']>[0], RegExp]>([
    [{ id: 9 }, /^No ban 9 is in force\. List those in force with: packetlog bans list\.$/],
    [{ source: '192.0.2.1' }, /^No ban of 192\.0\.2\.1 is in force/],
    [{ limit_rule: 7 }, /^No ban by limit 7 is in force/],
    [{ last_ms: 1000 }, /^No ban of the last 1 s is in force/],
  ])('of nothing is rejected: %j', async (request, message) => {
    const bans = await start();
    clock.upMs += 2000;
    expect(await rejection(bans.undo(request, ROOT))).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(message),
    });
    expect(await rejection(bans.undo({ source: 'nonsense' }, ROOT))).toMatchObject({
      code: 'invalid',
      field: 'source',
    });
  });

  it('that the kernel rejects leaves the ban and its strike', async () => {
    const bans = await start();
    fake.kernel.faults = [new Error('no memory')];
    expect(await rejection(bans.undo({ id: 1 }, ROOT))).toMatchObject({ code: 'internal' });
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    expect(open().rules).toHaveLength(3);
  });

  it('leaves a pending change, and is not one', async () => {
    const bans = await start();
    await fake.service.ask(adding({ rule: { action: 'deny', source: 'any', destination_port: 23, reason: '' } }, ROOT));
    await bans.undo({ id: 1 }, ROOT);
    expect(verdict('203.0.113.7')).toBe('permit');
    expect(fake.service.pending).toBeDefined();
  });
});

it('is damaged by no line of another program in the decisions', async () => {
  const bans = open();
  appendFileSync(paths().decisions, 'half a line {"decision":');
  await bans.offenders([offender('203.0.113.7')]);
  expect(new BansStore(paths(), () => {}).log.find({ limit: 9 }, wallMs())).toHaveLength(1);
});
