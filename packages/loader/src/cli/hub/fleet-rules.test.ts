import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PastDryRunReport } from '@packetlog/common';
import { fleetRulesSchema, type Rollout } from '@packetlog/common/fleet';
import { afterAll, describe, expect, it } from 'vitest';
import { fleetRulesIn, rulesFileOf } from './fleet-rules-file.ts';
import { appliedText, fleetDryRunText, groupsText, rolloutText, statusText } from './fleet-rules-text.ts';

const directory = mkdtempSync(join(tmpdir(), 'packetlog-fleet-rules-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'web.json');
const read = (document: unknown) => fleetRulesIn(Buffer.from(JSON.stringify(document)), file);

describe('a rules file for a group', () => {
  it('becomes rules with their lists as text, and back', () => {
    writeFileSync(join(directory, 'drop.txt'), '# bad\n192.0.2.1\n');
    const rules = [
      { id: 7, action: 'deny', source: 'set:drop', created_by: 'eva' },
      { action: 'deny', source: 'set:few' },
    ];
    const sets = { drop: { file: 'drop.txt' }, few: { entries: ['198.51.100.0/24', '192.0.2.9'] } };
    const given = read({ version: 1, rules, sets });
    expect(given).toEqual({
      rules: [
        { action: 'deny', source: 'set:drop', reason: '' },
        { action: 'deny', source: 'set:few', reason: '' },
      ],
      lists: { drop: '# bad\n192.0.2.1\n', few: '198.51.100.0/24\n192.0.2.9\n' },
    });
    const shown = rulesFileOf(given);
    expect(shown).toMatchObject({ version: 1, sets: { drop: { entries: ['192.0.2.1'] } } });
    expect(shown).not.toHaveProperty('default_policy');
    expect(read(shown)).toEqual(fleetRulesSchema.parse({ ...given, lists: { ...given.lists, drop: '192.0.2.1\n' } }));
  });

  it('sets the default policy of the nodes only if it names one', () => {
    expect(read({ version: 1, rules: [], default_policy: 'deny' }).default_policy).toBe('deny');
  });

  it.each([
    [{ version: 1, rules: [], protect: ['192.0.2.1'] }, /it has "protect". Each node protects/],
    [{ version: 1, rules: [{ action: 'deny', source: 'set:x' }], sets: { x: {} } }, /set x has neither/],
    [{ version: 1 }, /has no "rules"/],
  ])('%j is rejected', (document, message) => {
    expect(() => read(document)).toThrow(message);
  });
});

const rollout = (more: Partial<Rollout> = {}): Rollout => ({
  ...{ number: 7, state: 'running', stage: 'few', wanted: 30, in_force: 2, waiting: 0, rejected: 0, failed: 0 },
  ...more,
});

describe('a rollout as text', () => {
  it('says how far it is', () => {
    expect(appliedText('web', { number: 7, hash: '', rollout: rollout() })).toBe(
      'Group web has generation 7.\nRollout: running, 5 % of the nodes; in force on 2 of 30 nodes.\n',
    );
    expect(rolloutText('web', rollout({ state: 'done', stage: 'all', in_force: 30 }))).toBe(
      'Generation 7 of group web:\nRollout: done; in force on 30 of 30 nodes.\n',
    );
  });

  it('says why it stopped, and what to do', () => {
    const text = rolloutText('web', rollout({ state: 'stopped', rejected: 1, why: 'web9 rejected it.\u001b[2J' }));
    expect(text).toMatch(/stopped at stage 5 % of the nodes; in force on 2 of 30 nodes, rejected by 1\.\n {2}web9 rej/);
    expect(text).toMatch(/packetlog hub rollout resume --group web\.\n$/);
    expect(text).not.toContain('\u001b');
  });

  it('lists groups with and without rules', () => {
    const generation = { number: 7, hash: '', by: 'eva', at_ms: 0, note: '', rules: 1200, lists: 0 };
    const groups = [
      { name: 'db', nodes: 1 },
      { name: 'web', nodes: 30, generation, rollout: rollout() },
    ];
    expect(groupsText({ groups })).toBe(
      'group  nodes  generation  rules  rollout  in force  by\n' +
        'db         1        none\n' +
        'web       30           7  1,200  running   2 of 30  eva\n',
    );
    expect(statusText('db', { groups })).toBe('Group db has no rules.\n');
  });
});

it('a dry run says how many nodes answered, and which did not', () => {
  const missing = [{ node: 'web3', why: 'Nothing is recorded.' }];
  const text = fleetDryRunText({ asked: 1000, answered: 0, missing, sum: {} as PastDryRunReport });
  expect(text).toBe('0 of 1,000 nodes answered.\n  no answer of web3: Nothing is recorded.\n  and of 999 others\n');
});
