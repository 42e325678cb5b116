// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import type { Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { clock, eachWithBans, offender, open, paths, SSH, wallMs, world } from '../../test/support/bans-fixture.ts';
import { BansStore } from './bans-store.ts';

eachWithBans();

const idleKernel = { endBans: async () => {}, resumeBans: () => {}, keepBans: () => {} };

describe('many offenders', () => {
  it('are banned 60 a minute, 10,000 in all; the limits still apply, and nothing is evicted', async () => {
    let rules: readonly Rule[] = [];
    const bans = open({
      kernel: {
        ...idleKernel,
        changeBans: async (now) => {
          rules = now;
        },
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
