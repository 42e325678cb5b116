import type { Rule } from '@packetlog/common';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExpiryPeriods } from './expiry-periods.ts';

const rule = (id: number, expires_at?: string): Rule =>
  ({
    id,
    action: 'deny',
    source: 'any',
    created_by: 'file',
    created_at: '2030-01-01T00:00:00.000Z',
    ...(expires_at === undefined ? {} : { expires_at }),
  }) as Rule;

const ms = fc.integer({ min: 0, max: 4_000_000_000_000 });

it('keeps, at the time of each period, exactly the rules that have not expired at the time of the frame', () => {
  const property = fc.property(
    fc.array(fc.option(ms), { maxLength: 20 }),
    fc.bigInt(-3n, 3n),
    ms,
    (expiries, off, other) => {
      const rules = expiries.map((at, i) => rule(i + 1, at === null ? undefined : new Date(at).toISOString()));
      const periods = new ExpiryPeriods(rules);
      const translated = periods.translated(rules);
      for (const at of [...expiries, other]) {
        if (at === null) continue;
        const ns = BigInt(at) * 1_000_000n + off;
        const now = periods.timeOf(periods.of(ns));
        const alive = (each: Rule, time: bigint) =>
          each.expires_at === undefined || time < BigInt(Date.parse(each.expires_at)) * 1_000_000n;
        expect(translated.map((each) => alive(each, now))).toEqual(rules.map((each) => alive(each, ns)));
      }
    },
  );
  fc.assert(property);
});

it('is half a day away from every expiry', () => {
  const rules = [rule(1, '2030-01-01T00:00:00.001Z'), rule(2, '2030-01-01T00:00:00.002Z')];
  const periods = new ExpiryPeriods(rules);
  const ends = periods.translated(rules).map(({ expires_at }) => Date.parse(expires_at ?? ''));
  for (const period of [0, 1, 2]) {
    const nowMs = Number(periods.timeOf(period) / 1_000_000n);
    expect(Math.min(...ends.map((end) => Math.abs(end - nowMs)))).toBe(43_200_000);
  }
});
