import { type RuleDraft, ruleDraftSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { addRules, editRule, removeRules } from './changes.ts';
import { RulesRejection } from './rejection.ts';
import { EMPTY_RULESET, type Ruleset } from './ruleset.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const AT = { nowMs: NOW, createdBy: 'root' };
const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString();

function add(ruleset: Ruleset, drafts: Partial<RuleDraft>[], at = AT) {
  const checked = drafts.map((draft) => ruleDraftSchema.parse({ action: 'deny', source: '192.0.2.1', ...draft }));
  return addRules(ruleset, checked, at);
}
const ruleset = (...drafts: Partial<RuleDraft>[]) => add(EMPTY_RULESET, drafts).ruleset;

describe('a rule that is added twice', () => {
  it('stays one rule, and the ruleset is the same', () => {
    const once = ruleset({ protocol: 'tcp', destination_port: 22 });
    const { ruleset: twice, rules } = add(once, [{ source: '192.0.2.1/32', protocol: 6, destination_port: '22' }]);
    expect(twice).toBe(once);
    expect(rules).toEqual([{ rule: once.rules[0], was: once.rules[0] }]);
  });

  it.each([
    ['a later end', '10m', '1h', minutes(60)],
    ['an earlier end', '1h', '10m', minutes(60)],
    ['no end', '1h', undefined, undefined],
    ['an end to one without', undefined, '1h', undefined],
  ])('with %s has the later one', (_, first, second, expires_at) => {
    const ending = (time: string | undefined) => (time === undefined ? {} : { for: time });
    const { rules } = add(ruleset(ending(first)), [ending(second)]);
    expect(rules[0]?.rule.expires_at).toBe(expires_at);
    expect(rules[0]?.rule.id).toBe(1);
  });

  it('takes a new reason, and keeps the old one where none is given', () => {
    const { ruleset: after } = add(ruleset({ reason: 'noise' }), [{}]);
    expect(after.rules[0]?.reason).toBe('noise');
    expect(add(after, [{ reason: 'scan' }]).ruleset.rules).toMatchObject([{ id: 1, reason: 'scan' }]);
  });

  it('is another one with other conditions', () => {
    const tcp = { protocol: 'tcp' } as const;
    const others = [
      { ...tcp, tcp_flags: 'syn' },
      { ...tcp, tcp_flags: 'none' },
      { destination: '192.0.2.9' },
      { length: 60 },
      { fragment: true },
    ] as const;
    const all = ruleset({}, ...others);
    expect(all.rules).toHaveLength(6);
    expect(add(all, [...others]).ruleset).toBe(all);
    const left = (selector: object) =>
      removeRules(all, { matching: [{ source: '192.0.2.1', ...selector }] }).ruleset.rules.map(({ id }) => id);
    expect(left({ tcp_flags: 'none' })).toEqual([1, 2, 4, 5, 6]);
    expect(left({ fragment: true })).toEqual([1, 2, 3, 4, 5]);
    expect(editRule(all, 2, { tcp_flags: null, length: '60-80' }, AT).rule).toMatchObject({ ...tcp, length: '60-80' });
    expect(() => editRule(all, 2, { protocol: null }, AT)).toThrow(/Only TCP has flags/);
  });

  it('is another one with another action, source, protocol, port or interface', () => {
    const others = [
      { action: 'observe' },
      { source: '192.0.2.2' },
      { protocol: 'tcp' },
      { interface: 'eth0' },
    ] as const;
    expect(ruleset({}, ...others, { destination_port: 22 }).rules.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('in one request is one, too', () => {
    const { ruleset: after, rules } = add(EMPTY_RULESET, [{ for: '10m' }, { source: '192.0.2.2' }, { for: '20m' }]);
    expect(after.rules.map(({ id, expires_at }) => [id, expires_at])).toEqual([
      [1, minutes(20)],
      [2, undefined],
    ]);
    expect(rules.map(({ rule }) => rule.id)).toEqual([1, 2, 1]);
    expect(after.nextId).toBe(3);
  });

  it('is a new one where the first has expired', () => {
    const before = ruleset({ for: '10m' });
    const { rules } = add(before, [{ for: '10m' }], { ...AT, nowMs: NOW + 11 * 60_000 });
    expect(rules).toMatchObject([{ rule: { id: 2 } }]);
  });
});

it('many rules are added in one change, or none, with the position of the first error', () => {
  expect(() => add(EMPTY_RULESET, [{}, { source: 'set:typo' }])).toThrow(RulesRejection);
  try {
    add(EMPTY_RULESET, [{}, { source: 'set:typo' }]);
  } catch (error) {
    expect((error as RulesRejection).error).toMatchObject({
      field: 'rules.1.source',
      message: expect.stringMatching(/no set typo/),
    });
  }
});

describe('rules are removed', () => {
  const many = ruleset({}, { protocol: 'tcp', destination_port: 22 }, { action: 'permit' }, { source: '192.0.2.2' });
  const left = (meant: Parameters<typeof removeRules>[1]) => removeRules(many, meant).ruleset.rules.map(({ id }) => id);

  it('by source, and by further criteria', () => {
    expect(left({ matching: [{ source: '192.0.2.1' }] })).toEqual([4]);
    expect(left({ matching: [{ source: '192.0.2.1', action: 'deny' }] })).toEqual([3, 4]);
    expect(left({ matching: [{ source: '192.0.2.1', destination_port: 22 }] })).toEqual([1, 3, 4]);
    expect(left({ ids: [4], matching: [{ source: '192.0.2.1', protocol: 'tcp' }] })).toEqual([1, 3]);
  });

  it('by reason, alone or with a source, and only if it is the whole reason', () => {
    const jails = ruleset(
      { reason: 'fail2ban ssh' },
      { reason: 'fail2ban sshd', source: '192.0.2.2' },
      { source: '192.0.2.3' },
    );
    const remaining = (...matching: { source?: string; reason?: string }[]) =>
      removeRules(jails, { matching }).ruleset.rules.map(({ id }) => id);
    expect(remaining({ reason: 'fail2ban ssh' })).toEqual([2, 3]);
    expect(remaining({ reason: 'fail2ban sshd', source: '192.0.2.2' })).toEqual([1, 3]);
    expect(() => remaining({ reason: 'fail2ban sshd', source: '192.0.2.1' })).toThrow(/source 192\.0\.2\.1 and these/);
    expect(() => remaining({ reason: 'fail2ban' })).toThrow(/no rule with reason "fail2ban"\./);
  });

  it('once, even if named twice', () => {
    const { removed } = removeRules(many, { ids: [4, 4], matching: [{ source: '192.0.2.2' }] });
    expect(removed.map(({ id }) => id)).toEqual([4]);
  });

  it('all or none: the error names a source without a rule', () => {
    const matching = [{ source: '192.0.2.1' }, { source: '203.0.113.9' }];
    expect(() => removeRules(many, { matching })).toThrow(/no rule with source 203\.0\.113\.9/);
    try {
      removeRules(many, { matching });
    } catch (error) {
      expect((error as RulesRejection).error).toMatchObject({ code: 'not_found', field: 'matching.1' });
    }
  });
});

describe('a limit that is added twice', () => {
  const limit = { action: 'limit', source: 'any', rate: '20/min' } as const;

  it('takes the new numbers, keeps its id, and stays enforced', () => {
    const once = ruleset({ ...limit, burst: 40, enforce: true });
    const { ruleset: twice } = add(once, [{ ...limit, rate: '10/min' }]);
    expect(twice.rules).toMatchObject([{ id: 1, rate: '10/min', enforce: true }]);
    expect(twice.rules[0]?.burst).toBeUndefined();
    expect(add(twice, [{ ...limit, rate: '10/min' }]).ruleset).toBe(twice);
  });

  it('loses its numbers when it becomes another rule', () => {
    const changes = { action: 'deny' } as const;
    expect(editRule(ruleset({ ...limit, enforce: true, burst: 3 }), 1, changes, AT).rule).toEqual({
      ...{ id: 1, action: 'deny', source: 'any', reason: '' },
      ...{ created_by: 'root', created_at: minutes(0) },
    });
  });

  it('is another one if it measures something else, or of other buckets', () => {
    const others = [{ ...limit, measure: 'bytes', rate: '1M/s' } as const, { ...limit, per: 'rule' } as const];
    expect(ruleset(limit, { ...limit, measure: 'packets', per: 'source' }, ...others).rules).toHaveLength(3);
  });
});
