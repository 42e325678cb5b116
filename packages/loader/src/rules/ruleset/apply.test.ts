import { type FileRule, rulesFileSchema } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddressList } from '../lists/parse-address-list.ts';
import { applyDesired, type Desired } from './apply.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset } from './ruleset.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const AT = { nowMs: NOW, createdBy: 'ansible' };
const END = '2030-01-01T01:00:00Z';

const set = (name: string, text: string): NamedSet => ({
  name,
  origin: { kind: 'inline', entries: text.split('\n') },
  list: parseAddressList(Buffer.from(text)).list,
  text: undefined,
  loadedAtMs: 0,
});

function desired(rules: object[], rest: Partial<Desired> = {}): Desired {
  const file = rulesFileSchema.parse({ version: 1, rules });
  return { defaultPolicy: 'permit', rules: file.rules, sets: new Map(), protect: [], ...rest };
}
const applied = (ruleset: Ruleset, wanted: Desired) => applyDesired(ruleset, wanted, AT);

const SSH = { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 22, reason: 'ssh' };
const NOISE = { action: 'deny', source: '203.0.113.0/24' };

describe('rules from a file', () => {
  const { ruleset } = applied(EMPTY_RULESET, desired([SSH, NOISE]));

  it('are added with new ids, and then there is nothing to do', () => {
    expect(ruleset.rules).toMatchObject([
      { id: 1, ...SSH, created_by: 'ansible' },
      { id: 2, ...NOISE },
    ]);
    const again = applied(ruleset, desired([NOISE, { ...SSH, protocol: 6, id: 7, created_by: 'someone' }]));
    expect(again.ruleset).toBe(ruleset);
    expect(again.diff).toEqual({ added: [], removed: [], changed: [], sets: [] });
  });

  it('keep their id if action and match are the same, and take reason and expiry', () => {
    const { ruleset: after, diff } = applied(ruleset, desired([SSH, { ...NOISE, reason: 'scan', expires_at: END }]));
    expect(after.rules).toMatchObject([{ id: 1 }, { id: 2, reason: 'scan', expires_at: END, created_by: 'ansible' }]);
    expect(diff).toMatchObject({ added: [], removed: [], changed: [{ before: { id: 2 }, after: { reason: 'scan' } }] });
    expect(
      applied(after, desired([SSH, { ...NOISE, reason: 'scan', expires_at: '2030-01-01T01:00:00.000Z' }])).ruleset,
    ).toBe(after);
    expect(applied(after, desired([SSH, NOISE])).ruleset.rules[1]).not.toHaveProperty('expires_at');
  });

  it('are changed in place by id, and otherwise replaced', () => {
    const narrower = { ...NOISE, source: '203.0.113.7' };
    expect(applied(ruleset, desired([SSH, { id: 2, ...narrower }])).diff).toMatchObject({
      added: [],
      removed: [],
      changed: [{ after: { id: 2, source: '203.0.113.7' } }],
    });
    const { ruleset: after, diff } = applied(ruleset, desired([SSH, narrower]));
    expect(diff).toMatchObject({ added: [{ id: 3 }], removed: [{ id: 2 }], changed: [] });
    expect(after).toMatchObject({ rules: [{ id: 1 }, { id: 3 }], nextId: 4 });
  });

  it('include sets, default policy and protect list', () => {
    const rules = [{ action: 'deny', source: 'set:drop' }];
    const sets = new Map([['drop', set('drop', '192.0.2.1')]]);
    const whole = desired(rules, { sets, defaultPolicy: 'deny', protect: ['198.51.100.0/24'] });
    const { ruleset: after, diff } = applied(ruleset, whole);
    expect(diff).toMatchObject({
      added: [{ source: 'set:drop' }],
      removed: [{ id: 1 }, { id: 2 }],
      sets: [{ after: { name: 'drop', entries: 1 } }],
      default_policy: { before: 'permit', after: 'deny' },
      protect: { before: [], after: ['198.51.100.0/24'] },
    });
    expect(applied(after, { ...whole, sets: new Map([['drop', set('drop', '192.0.2.1')]]) }).ruleset).toBe(after);
    const longer = applied(after, { ...whole, sets: new Map([['drop', set('drop', '192.0.2.1\n192.0.2.2')]]) });
    expect(longer.diff).toMatchObject({ added: [], sets: [{ before: { entries: 1 }, after: { entries: 2 } }] });
    expect(applied(after, desired([])).ruleset).toMatchObject({ rules: [], defaultPolicy: 'permit', protect: [] });
  });

  it('name a missing set', () => {
    expect(() => applied(ruleset, desired([{ action: 'deny', source: 'set:typo' }]))).toThrow(
      /document\.rules\.0\.source: there is no set typo/,
    );
  });

  it('are reached from any other rules in one application, and a second one changes nothing', () => {
    const rule = fc.record({
      action: fc.constantFrom('permit', 'deny'),
      source: fc.constantFrom('any', '192.0.2.1', '192.0.2.0/24'),
      reason: fc.constantFrom('', 'x'),
      id: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    });
    const rules = fc.uniqueArray(rule, { maxLength: 6, selector: ({ id }) => id ?? {} });
    const essence = ({ action, source, reason }: Pick<FileRule, 'action' | 'source' | 'reason'>) =>
      `${action} ${source} ${reason}`;
    fc.assert(
      fc.property(rules, rules, (first, second) => {
        const before = applied(EMPTY_RULESET, desired(first)).ruleset;
        const { ruleset: after } = applied(before, desired(second));
        expect(after.rules.map(essence).sort()).toEqual(second.map(essence).sort());
        expect(new Set(after.rules.map(({ id }) => id)).size).toBe(after.rules.length);
        expect(applied(after, desired(second)).ruleset).toBe(after);
      }),
    );
  });
});
