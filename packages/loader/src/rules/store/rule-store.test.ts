import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Rule, ruleDraftSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { addRule, importSet } from '../ruleset/changes.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset, type SetOrigin } from '../ruleset/ruleset.ts';
import { RuleStore, type StoredRules } from './rule-store.ts';
import { RulesFileError } from './rules-document.ts';
import { makeStateDirectory, statePaths } from './state-directory.ts';

let directory = '';
let paths: ReturnType<typeof statePaths>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-store-'));
  paths = statePaths({ PACKETLOG_STATE_DIR: directory });
  makeStateDirectory(paths);
});
afterEach(() => rmSync(directory, { recursive: true }));

const circumstances = { nowMs: Date.now(), createdBy: 'test' };
const denying = (...sources: string[]): Ruleset => {
  let ruleset = EMPTY_RULESET;
  for (const source of sources) {
    ruleset = addRule(ruleset, ruleDraftSchema.parse({ action: 'deny', source }), circumstances).ruleset;
  }
  return ruleset;
};
const setOf = (name: string, origin: SetOrigin, text: string): NamedSet => ({
  name,
  origin,
  list: EMPTY_ADDRESS_LIST,
  text: Buffer.from(text),
  loadedAtMs: 1_700_000_000_000,
});
const withSet = (set: NamedSet) => importSet(EMPTY_RULESET, set, 'deny', '', circumstances).ruleset;
const save = (ruleset: Ruleset, store = new RuleStore(paths)) => store.prepare(ruleset).commit();
const rulesText = () => readFileSync(paths.rules, 'utf8');
const edit = (from: string, to: string) => writeFileSync(paths.rules, rulesText().replace(from, to));
async function read(store = new RuleStore(paths)): Promise<StoredRules> {
  const found = await store.readFile();
  if (found === undefined || 'problem' in found) throw new Error(found?.problem ?? 'not there');
  return found;
}

describe('RuleStore', () => {
  it('keeps the group of rules of a fleet, and the node’s own default policy beside that of the fleet', async () => {
    const { rules, ...rest } = denying('192.0.2.1');
    const fleet = { ...rest, rules: rules.map((rule) => ({ ...rule, group: 'web' })), ownPolicy: 'deny' as const };
    const store = new RuleStore(paths);
    save(fleet, store);
    const { ruleset } = await read();
    expect(ruleset.rules).toEqual(fleet.rules);
    expect(ruleset).toMatchObject({ defaultPolicy: 'permit', ownPolicy: 'deny' });
    save(denying('192.0.2.1'), store);
    expect((await read()).ruleset).not.toHaveProperty('ownPolicy');
    expect(rulesText()).not.toContain('own_default_policy');
  });

  it('finds nothing in an empty directory, and writes nothing', async () => {
    const store = new RuleStore(paths);
    expect([await store.readFile(), await store.readGood()]).toEqual([undefined, undefined]);
    expect(readdirSync(directory)).toEqual(['sets']);
  });

  it('returns what was saved, and keeps it readable for its owner only', async () => {
    const ruleset = {
      ...denying('192.0.2.1', '198.51.100.0/24'),
      protect: ['203.0.113.9'],
      defaultPolicy: 'deny' as const,
    };
    save(ruleset);
    expect(await read()).toMatchObject({ ruleset, isEdited: false, lost: [] });
    for (const path of [paths.rules, paths.lastGood, paths.state]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('recognizes accepted content, whatever its layout, and no other', async () => {
    save(denying('192.0.2.1'));
    edit('"reason": ""', '"reason": "by hand"');
    const store = new RuleStore(paths);
    expect(store.isAccepted(contentHash((await read(store)).ruleset))).toBe(true);
    edit('192.0.2.1', '192.0.2.2');
    expect(store.isAccepted(contentHash((await read(store)).ruleset))).toBe(false);
  });

  it('remembers content that was not confirmed in time, until it is accepted', async () => {
    const [content, ruleset] = [contentHash(denying('192.0.2.1')), denying('192.0.2.1')];
    new RuleStore(paths).noteUnconfirmed(ruleset);
    expect(existsSync(paths.rules)).toBe(false);
    const store = new RuleStore(paths);
    await store.readFile();
    expect([store.isUnconfirmed(content), store.isAccepted(content)]).toEqual([true, false]);
    save(ruleset, store);
    expect([store.isUnconfirmed(content), store.isAccepted(content)]).toEqual([false, true]);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2), /JSON/],
    ['empty', () => '', /JSON/],
    ['of zeros', (text: string) => '\0'.repeat(text.length), /JSON/],
    ['of another kind', () => '{"rules": 7}', /version/],
  ])('says what is wrong with a file that is %s, and has the last good copy', async (_, damage, problem) => {
    const ruleset = denying('192.0.2.1');
    save(ruleset);
    writeFileSync(paths.rules, damage(rulesText()));
    expect(await new RuleStore(paths).readFile()).toEqual({ problem: expect.stringMatching(problem) });
    expect(await new RuleStore(paths).readGood()).toMatchObject({ ruleset });
  });

  it('does not mistake a file that it may not read for a missing one', async () => {
    rmSync(paths.sets, { recursive: true });
    writeFileSync(paths.sets, '');
    const store = new RuleStore({ ...paths, rules: join(paths.sets, 'rules.json') });
    await expect(store.readFile()).rejects.toThrow(/ENOTDIR/);
  });

  it('does not overwrite an edit that was not read, and keeps what was never accepted', async () => {
    const copies: string[] = [];
    const store = new RuleStore(paths, { keptAside: (copy) => copies.push(copy) });
    save(denying('192.0.2.1'), store);
    edit('192.0.2.1', '192.0.2.22');
    const edited = rulesText();
    expect(() => store.prepare(denying('192.0.2.3'))).toThrow(/edited since it was read.*kill -HUP/);
    expect(rulesText()).toBe(edited);
    for (let i = 0; i < 9; i++) {
      await read(store);
      save(denying(`192.0.2.${i}`), store);
      writeFileSync(paths.rules, edited);
    }
    const kept = readdirSync(directory).filter((name) => name.startsWith('rules.json.rejected-'));
    expect(kept).toHaveLength(5);
    for (const name of kept) expect(readFileSync(join(directory, name), 'utf8')).toBe(edited);
    expect(copies.slice(-5)).toEqual(kept.sort().map((name) => join(directory, name)));
    expect(copies).toHaveLength(9);
    rmSync(paths.rules);
    save(denying('192.0.2.5'), store);
    expect(rulesText()).toContain('192.0.2.5');
  });

  it('writes nothing that it could not read', () => {
    save(denying('192.0.2.1'));
    const before = rulesText();
    const [rule] = denying('192.0.2.1').rules;
    const broken = { ...EMPTY_RULESET, rules: [{ ...(rule as Rule), reason: 'a\nb' }] };
    expect(() => new RuleStore(paths).prepare(broken)).toThrow(RulesFileError);
    expect(rulesText()).toBe(before);
  });

  it('changes nothing when it is abandoned, or one of the files cannot be written', async () => {
    save(denying('192.0.2.1'));
    const before = [paths.rules, paths.lastGood, paths.state].map((path) => readFileSync(path, 'utf8'));
    const store = new RuleStore(paths);
    await read(store);
    store.prepare(denying('192.0.2.9')).abandon();
    // A directory in place of the temporary file that is written last.
    mkdirSync(join(directory, `.rules.json.${process.pid}.tmp`));
    expect(() => store.prepare(denying('192.0.2.9'))).toThrow(/EISDIR/);
    expect([paths.rules, paths.lastGood, paths.state].map((path) => readFileSync(path, 'utf8'))).toEqual(before);
    expect(readdirSync(directory).filter((name) => /good.*tmp|state.*tmp/.test(name))).toEqual([]);
  });

  it('changes nothing when the file that is written last cannot take its place', async () => {
    const listed = (text: string) => withSet(setOf('drop', { kind: 'copy' }, text));
    const list = join(paths.sets, 'drop.txt');
    save(listed('192.0.2.0/24\n'));
    const all = [paths.lastGood, paths.state, list];
    const before = all.map((path) => readFileSync(path, 'utf8'));
    const store = new RuleStore(paths);
    await read(store);
    const files = store.prepare(listed('0.0.0.0/0\n'));
    // Like a file that is a mount point, which no other file can replace.
    rmSync(paths.rules);
    mkdirSync(join(paths.rules, 'busy'), { recursive: true });
    expect(() => files.commit()).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(all.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
    expect(store.isAccepted(contentHash(listed('0.0.0.0/0\n')))).toBe(false);
    expect([...readdirSync(directory), ...readdirSync(paths.sets)].filter((name) => /tmp$|old$/.test(name))).toEqual(
      [],
    );
  });

  it('preserves a symbolic link', async () => {
    const real = join(directory, 'real.json');
    save(EMPTY_RULESET, new RuleStore({ ...paths, rules: real }));
    symlinkSync(real, paths.rules);
    const store = new RuleStore(paths);
    await read(store);
    save(denying('192.0.2.1'), store);
    expect(lstatSync(paths.rules).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('192.0.2.1');
  });

  it('makes the directory of the rules file', () => {
    const rules = join(directory, 'etc', 'packetlog', 'rules.json');
    save(EMPTY_RULESET, new RuleStore({ ...paths, rules }));
    expect(existsSync(rules)).toBe(true);
  });
});
