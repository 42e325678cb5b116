import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { FIRST_BAN_RULE_ID } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  banOf,
  clock,
  DAY,
  directory,
  eachWithBans,
  fake,
  HOUR,
  offender,
  open,
  paths,
  reboot,
  START,
  verdict,
  wallMs,
  world,
} from '../../test/support/bans-fixture.ts';
import { ROOT } from '../../test/support/fake-kernel.ts';
import { BansStore } from './bans-store.ts';

eachWithBans();

describe('a ban', () => {
  it('outlives the loader, with its strikes, and ids are not reused', async () => {
    await open().offenders([offender('203.0.113.7'), offender('2001:db8:1:2::/64')]);
    const next = open();
    expect(next.rules.map(({ source, id }) => [source, id])).toEqual([
      ['203.0.113.7', FIRST_BAN_RULE_ID + 1],
      ['2001:db8:1:2::/64', FIRST_BAN_RULE_ID + 2],
    ]);
    reboot(2 * HOUR);
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
    reboot(HOUR - 1);
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

it('is damaged by no line of another program in the decisions', async () => {
  const bans = open();
  appendFileSync(paths().decisions, 'half a line {"decision":');
  await bans.offenders([offender('203.0.113.7')]);
  expect(new BansStore(paths(), () => {}).log.find({ limit: 9 }, wallMs())).toHaveLength(1);
});
