import { describe, expect, test } from 'vitest';
import { partsText, rolloutParts, rolloutText } from './rollout-text.ts';
import { listName, readRules, rulesJson, withFile } from './rules-text.ts';

const RULE = { action: 'deny', source: 'set:scanners' };

describe('rules of a group', () => {
  test('are read as they are written', () => {
    const rules = {
      default_policy: 'permit',
      rules: [{ ...RULE, reason: '' }],
      lists: { scanners: '192.0.2.1\n' },
    } as never;
    expect(readRules(rulesJson(rules))).toEqual({ ok: true, rules, note: '' });
    expect(readRules('{}')).toEqual({ ok: true, rules: { rules: [], lists: {} }, note: '' });
  });

  test('of a rules file lose what belongs to one server, and say so', () => {
    const file = {
      version: 1,
      checksum: 'x',
      next_id: 9,
      rules: [RULE],
      sets: { scanners: { entries: ['a', 'b'] } },
      protect: ['192.0.2.1'],
    };
    expect(readRules(JSON.stringify(file))).toEqual({
      ok: true,
      rules: { rules: [RULE], lists: { scanners: 'a\nb' } },
      note: expect.stringContaining('Protected addresses'),
    });
  });

  test.each([
    ['{', /^Not JSON: /],
    ['[]', /^Write an object/],
    ['{"rule": []}', /^Unknown: rule\./],
    ['{"rules": 5}', /must be a list/],
    ['{"sets": {"bad": {"file": "/etc/bad"}}}', /set bad are in a file on one server/],
  ])('%s is not accepted', (text, problem) => {
    expect(readRules(text)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  test('take lists from files, and all rules from a rules file', () => {
    const text = rulesJson({ rules: [], lists: {} });
    expect(withFile(text, { name: 'known scanners.txt', text: '192.0.2.1' })).toMatchObject({
      rules: { lists: { 'known-scanners': '192.0.2.1' } },
    });
    expect(withFile(text, { name: 'rules.json', text: JSON.stringify({ rules: [RULE] }) })).toMatchObject({
      rules: { rules: [RULE] },
    });
    expect(withFile('{', { name: 'a.txt', text: '' })).toMatchObject({ ok: false });
    expect(withFile('', { name: '-.txt', text: '' })).toMatchObject({ ok: false });
    expect(listName('firehol_level1.netset')).toBe('firehol_level1');
  });
});

describe('a rollout', () => {
  const rollout = { number: 13, wanted: 13, in_force: 10, waiting: 1, rejected: 1, failed: 0 };
  test.each([
    [{ state: 'running', stage: 'one' }, 'Rollout of 13 is running on one node.'],
    [{ state: 'done', stage: 'all' }, 'Rollout of 13 is done.'],
    [{ state: 'stopped', stage: 'few' }, 'Rollout of 13 stopped on 5 % of the nodes.'],
    [
      { state: 'stopped', stage: 'few', why: 'web1 rejected it: lockout' },
      'Rollout of 13 stopped on 5 % of the nodes: web1 rejected it: lockout.',
    ],
  ] as const)('%o', (state, text) => {
    expect(rolloutText({ ...rollout, ...state })).toBe(text);
  });

  test('has parts that add up to the nodes of the group', () => {
    const parts = rolloutParts({ ...rollout, state: 'running', stage: 'few' }, 250);
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(250);
    expect(partsText(parts)).toBe('10 in force, 1 waiting, 1 rejected, 1 not answered yet, 237 not reached yet');
  });
});
