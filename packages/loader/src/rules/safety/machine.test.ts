import { expect, it } from 'vitest';
import { EMPTY_RULESET } from '../ruleset/ruleset.ts';
import { Machine, type RulesNow } from './machine.ts';

it('reads the machine once for several questions, and computes another answer for other rules or addresses', async () => {
  let searches = 0;
  const owners = async () => {
    searches++;
    return new Map<number, string>();
  };
  const machine = new Machine(() => ({ procNet: '/proc/self/net', servedPort: undefined, owners }));
  const now: RulesNow = {
    top: { ruleset: EMPTY_RULESET, image: undefined },
    interfaces: [{ name: 'eth0', slot: 1 }],
    protectedNow: [],
  };
  const first = await machine.proposePermits(now);
  expect(await machine.proposePermits({ ...now, protectedNow: [] })).toBe(first);
  const other = await machine.proposePermits({
    ...now,
    protectedNow: [{ kind: 'protect', address: '198.51.100.0/24', ports: [] }],
  });
  expect(other.rules.map(({ rule }) => rule.source)).toContain('198.51.100.0/24');
  expect(first.rules.map(({ rule }) => rule.source)).not.toContain('198.51.100.0/24');
  expect(searches).toBe(1);
});
