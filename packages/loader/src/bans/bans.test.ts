// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { type Decision, decisionText, FIRST_BAN_RULE_ID } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  banOf,
  clock,
  DAY,
  eachWithBans,
  fake,
  HOUR,
  kinds,
  offender,
  open,
  SSH,
  START,
  verdict,
  wallMs,
  world,
} from '../../test/support/bans-fixture.ts';

eachWithBans();

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
