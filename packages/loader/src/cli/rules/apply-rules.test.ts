import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rule, RulesDiff } from '@packetlog/common';
import { afterAll, expect, it } from 'vitest';
import { appliedText, applyRequest } from './apply-rules.ts';

const directory = mkdtempSync(join(tmpdir(), 'packetlog-apply-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'rules.json');
const request = (document: unknown, options = {}) =>
  applyRequest(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), file, options);

it('the request contains the lists of the file, relative to its directory', () => {
  writeFileSync(join(directory, 'drop.txt'), '192.0.2.1\n');
  const rules = [{ action: 'deny', source: 'set:drop' }];
  const sets = { drop: { file: 'drop.txt' }, few: { entries: ['192.0.2.9'] } };
  expect(request({ version: 1, checksum: 'sha256:x', rules, sets }, { check: true, force: true })).toEqual({
    document: {
      version: 1,
      checksum: 'sha256:x',
      rules,
      sets: { ...sets, drop: { file: join(directory, 'drop.txt') } },
    },
    lists: { drop: '192.0.2.1\n' },
    check: true,
    force: true,
  });
});

it.each([
  ['', /is not JSON/],
  ['{"version":1,"rules":[{"action":"deny"', /is not JSON/],
  ['{"version":1}', /has no "rules"; to remove all rules write "rules": \[\]/],
  [
    '{"version":1,"rules":[{"action":"drop","source":"any"}]}',
    /rules\.0\.action: Write permit, deny, limit or observe/,
  ],
  ['{"version":1,"rules":[],"sets":{"x":{"file":"none.txt"}}}', /none\.txt cannot be read/],
])('%j is not a rules file, and nothing is changed', (content, message) => {
  expect(() => request(content)).toThrow(message);
  expect(() => request(content)).toThrow(/Nothing was changed\.$/);
});

it('the example of docs/rules.md is a rules file', () => {
  writeFileSync(join(directory, 'drop.txt'), '192.0.2.1\n');
  const docs = readFileSync(new URL('../../../../../docs/rules.md', import.meta.url), 'utf8');
  const [, example = ''] = /```json\n(.*?)```/s.exec(docs) ?? [];
  expect(request(example).document.rules).toHaveLength(3);
});

const rule = (id: number, rest: Partial<Rule>): Rule => ({
  id,
  action: 'deny',
  source: 'any',
  reason: '',
  created_by: 'x',
  created_at: '2030-01-01T00:00:00Z',
  ...rest,
});
const NOW = Date.parse('2030-01-01T00:00:00Z');

it('the differences are lines that begin with a sign', () => {
  const diff: RulesDiff = {
    added: [rule(7, { source: '192.0.2.1', protocol: 'tcp', destination_port: 22 })],
    removed: [rule(1, { reason: 'old' })],
    changed: [{ before: rule(2, {}), after: rule(2, { expires_at: '2030-01-01T01:00:00Z' }) }],
    sets: [
      { after: { name: 'a', entries: 1, loaded_at_ms: 0 } },
      { before: { name: 'b', entries: 2, loaded_at_ms: 0 }, after: { name: 'b', entries: 3, loaded_at_ms: 0 } },
      { before: { name: 'c', entries: 0, loaded_at_ms: 0 } },
    ],
    default_policy: { before: 'permit', after: 'deny' },
    protect: { before: ['192.0.2.1'], after: ['192.0.2.2'] },
  };
  expect(appliedText({ changed: true, diff }, { check: true }, NOW)).toEqual([
    '~ default policy: permit -> deny',
    expect.stringMatching(/^- rule 1: deny .*, because: old$/),
    expect.stringMatching(/^~ rule 2: deny .* -> deny .* for 1 h$/),
    '+ deny 192.0.2.1 to tcp port 22',
    '+ set a (1 network)',
    '~ set b (2 networks) -> b (3 networks)',
    '- set c (0 networks)',
    '- protect 192.0.2.1',
    '+ protect 192.0.2.2',
    'Would change rules: 1 added, 1 removed, 1 changed; sets: a, b, c; default policy: deny; protect.',
  ]);
  expect(appliedText({ changed: true, diff }, {}, NOW)).toEqual([expect.stringMatching(/^Changed rules: 1 added/)]);
  expect(appliedText({ changed: false, diff }, { diff: true }, NOW)).toEqual([
    'The rules already match the file: nothing to change.',
  ]);
});
