import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ruleDraftSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { addRule, importSet } from '../ruleset/changes.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset, type SetOrigin } from '../ruleset/ruleset.ts';
import { MAX_LIST_BYTES } from './regular-file.ts';
import { type Found, RuleStore, type StoredRules } from './rule-store.ts';
import { makeStateDirectory, statePaths } from './state-directory.ts';

let directory = '';
let paths: ReturnType<typeof statePaths>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-lists-'));
  paths = statePaths({ PACKETLOG_STATE_DIR: directory });
  makeStateDirectory(paths);
});
afterEach(() => rmSync(directory, { recursive: true }));

const circumstances = { nowMs: Date.now(), createdBy: 'test' };
const setOf = (name: string, origin: SetOrigin, text: Uint8Array | string): NamedSet => ({
  name,
  origin,
  list: EMPTY_ADDRESS_LIST,
  text: Buffer.from(text),
  loadedAtMs: 1_700_000_000_000,
});
const withSet = (set: NamedSet) => importSet(EMPTY_RULESET, set, 'deny', '', circumstances).ruleset;
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const save = (ruleset: Ruleset, store = new RuleStore(paths)) => store.prepare(ruleset).commit();
const copyOf = (name: string) => join(paths.sets, `${name}.txt`);
async function read(store = new RuleStore(paths)): Promise<StoredRules> {
  return required(await store.readFile());
}
function required(found: Found): StoredRules {
  if (found === undefined || 'problem' in found) throw new Error(found?.problem ?? 'not there');
  return found;
}
/** Starts like a loader that falls back to the last good rules; returns the store and the rules in force. */
async function startWithGood() {
  const store = new RuleStore(paths);
  const file = await store.readFile();
  const { ruleset, sets, lost } = required(await store.readGood());
  const inForce = { ...ruleset, sets: new Map(sets.map((set) => [set.name, { ...set, list: EMPTY_ADDRESS_LIST }])) };
  return { store, file, inForce, lost };
}
const withRule = (ruleset: Ruleset, source: string) =>
  addRule(ruleset, ruleDraftSchema.parse({ action: 'deny', source }), circumstances).ruleset;

describe('copies of lists', () => {
  it('keeps the lists of sets in files, and removes those that no rule names any more', async () => {
    const store = new RuleStore(paths);
    const ruleset = withSet(setOf('drop', { kind: 'copy' }, '192.0.2.0/24 ; comment\n'));
    save(ruleset, store);
    const { sets } = await read();
    expect(sets).toMatchObject([{ name: 'drop', origin: { kind: 'copy' }, loadedAtMs: 1_700_000_000_000 }]);
    expect(textOf(sets[0]?.text)).toBe('192.0.2.0/24 ; comment\n');
    save({ ...ruleset, rules: [], sets: new Map() }, store);
    expect(readdirSync(paths.sets)).toEqual([]);
  });

  it('returns the list of a followed file as it was in force, or from the file if it never was', async () => {
    writeFileSync(join(directory, 'feed.txt'), 'first');
    save(withSet(setOf('feed', { kind: 'file', path: 'feed.txt' }, 'first')));
    writeFileSync(join(directory, 'feed.txt'), 'second');
    expect(textOf((await read()).sets[0]?.text)).toBe('first');
    rmSync(paths.sets, { recursive: true });
    expect(textOf((await read()).sets[0]?.text)).toBe('second');
  });

  it('tolerates a lost list of the last good rules, but not one of the file', async () => {
    save(withSet(setOf('drop', { kind: 'copy' }, '192.0.2.0/24')));
    rmSync(join(paths.sets, 'drop.txt'));
    expect(await new RuleStore(paths).readFile()).toEqual({ problem: expect.stringMatching(/set drop.*ENOENT/) });
    expect(await new RuleStore(paths).readGood()).toMatchObject({
      lost: [{ set: 'drop', message: expect.stringMatching(/its rules match nothing\. Import it again/) }],
    });
  });

  it('does not take a copy of a list that was cut off for the list', async () => {
    save(withSet(setOf('drop', { kind: 'copy' }, '192.0.2.0/24\n198.51.100.0/24\n')));
    writeFileSync(join(paths.sets, 'drop.txt'), '192.0.2.0/24\n');
    expect(await new RuleStore(paths).readFile()).toEqual({ problem: expect.stringMatching(/was changed or damaged/) });
    const store = new RuleStore(paths);
    await store.readFile();
    const good = await store.readGood();
    expect(good).toMatchObject({
      lost: [{ set: 'drop', message: expect.stringMatching(/the rest of it is in force/) }],
    });
  });

  it('reads networks that the file itself contains', async () => {
    const rules = [{ action: 'deny', source: 'set:few' }];
    writeFileSync(
      paths.rules,
      JSON.stringify({ version: 1, rules, sets: { few: { entries: ['192.0.2.1', '::/0'] } } }),
    );
    expect(textOf((await read()).sets[0]?.text)).toBe('192.0.2.1\n::/0');
  });

  it('writes no list that is longer than it can read', async () => {
    const long = { ...setOf('long', { kind: 'copy' }, ''), text: new Uint8Array(MAX_LIST_BYTES + 1) };
    expect(() => new RuleStore(paths).prepare(withSet(long))).toThrow(/set long would have \d+ bytes, more than/);
    save(withSet({ ...long, text: new Uint8Array(MAX_LIST_BYTES) }));
    expect((await read()).sets[0]?.text).toHaveLength(MAX_LIST_BYTES);
  });

  it('that are damaged stay known as damaged after changes and starts, until they are complete again', async () => {
    const whole = '192.0.2.0/24\n198.51.100.0/24\n';
    save(withSet(setOf('drop', { kind: 'copy' }, whole)));
    writeFileSync(copyOf('drop'), '192.0.2.0/24\n');
    for (const source of ['203.0.113.1', '203.0.113.2']) {
      const { store, file, inForce, lost } = await startWithGood();
      expect(file).toEqual({ problem: expect.stringMatching(/was changed or damaged; import it again \(packetlog/) });
      expect(lost).toMatchObject([{ set: 'drop' }]);
      save(withRule(inForce, source), store);
    }
    writeFileSync(copyOf('drop'), whole);
    expect((await startWithGood()).lost).toEqual([]);
  });

  it('that are damaged stay known as damaged after another list replaced them and was undone', async () => {
    save(withSet(setOf('drop', { kind: 'copy' }, '192.0.2.0/24\n198.51.100.0/24\n')));
    writeFileSync(copyOf('drop'), '192.0.2.0/24\n');
    const { store, inForce } = await startWithGood();
    const imported = setOf('drop', { kind: 'copy' }, '203.0.113.0/24\n');
    save({ ...inForce, sets: new Map([['drop', imported]]) }, store);
    expect((await startWithGood()).lost).toEqual([]);
    save(inForce, store);
    const { lost, inForce: now } = await startWithGood();
    expect(lost).toMatchObject([{ set: 'drop' }]);
    expect(textOf(now.sets.get('drop')?.text)).toBe('192.0.2.0/24\n');
  });

  it('that are gone are not replaced by empty ones: the real one may be put there again', async () => {
    const whole = '192.0.2.0/24\n';
    save(withSet(setOf('drop', { kind: 'copy' }, whole)));
    rmSync(copyOf('drop'));
    const { store, inForce, lost } = await startWithGood();
    expect(lost).toMatchObject([{ set: 'drop' }]);
    save(withRule(inForce, '203.0.113.1'), store);
    expect(existsSync(copyOf('drop'))).toBe(false);
    expect((await startWithGood()).lost).toMatchObject([{ set: 'drop' }]);
    writeFileSync(copyOf('drop'), whole);
    expect((await startWithGood()).lost).toEqual([]);
    expect((await read()).sets).toMatchObject([{ name: 'drop' }]);
  });

  it('of followed files that are gone are not replaced by what the file holds now, which no check has passed', async () => {
    const feed = join(directory, 'feed.txt');
    writeFileSync(feed, '192.0.2.0/24\n');
    save(withSet(setOf('feed', { kind: 'file', path: 'feed.txt' }, '192.0.2.0/24\n')));
    rmSync(copyOf('feed'));
    const same = await startWithGood();
    expect([textOf(same.inForce.sets.get('feed')?.text), same.lost]).toEqual(['192.0.2.0/24\n', []]);
    writeFileSync(feed, '0.0.0.0/0\n');
    const other = await startWithGood();
    expect(textOf(other.inForce.sets.get('feed')?.text)).toBe('');
    expect(other.lost).toMatchObject([
      { set: 'feed', message: expect.stringMatching(/is missing; its rules match noth/) },
    ]);
  });
});
