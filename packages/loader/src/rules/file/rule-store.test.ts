import {
  existsSync,
  lstatSync,
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
import { ruleDraftSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRule, importSet } from '../book/changes.ts';
import { EMPTY_BOOK, type NamedSet, type RuleBook, type SetOrigin } from '../book/rule-book.ts';
import { EMPTY_ADDRESS_LIST } from '../index.ts';
import { RuleStore } from './rule-store.ts';
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
const denying = (...sources: string[]): RuleBook => {
  let book = EMPTY_BOOK;
  for (const source of sources) {
    book = addRule(book, ruleDraftSchema.parse({ action: 'deny', source }), circumstances).book;
  }
  return book;
};
const setOf = (name: string, origin: SetOrigin, text: string): NamedSet => ({
  name,
  origin,
  list: EMPTY_ADDRESS_LIST,
  text: Buffer.from(text),
  loadedAtMs: 1_700_000_000_000,
});
const withSet = (set: NamedSet) => importSet(EMPTY_BOOK, set, 'deny', '', circumstances).book;
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

describe('RuleStore', () => {
  it('knows nothing where there is nothing, and writes nothing', () => {
    expect(new RuleStore(paths).load()).toMatchObject({ from: 'nothing', book: EMPTY_BOOK, alarms: [] });
    expect(readdirSync(directory)).toEqual(['sets']);
  });

  it('gives back what was saved, and keeps it for its owner alone', () => {
    const book = denying('192.0.2.1', '198.51.100.0/24');
    new RuleStore(paths).save({ ...book, protect: ['203.0.113.9'], defaultPolicy: 'deny' });
    const loaded = new RuleStore(paths).load();
    expect(loaded).toMatchObject({ from: 'file', isEdited: false, alarms: [] });
    expect(loaded.book).toEqual({ ...book, protect: ['203.0.113.9'], defaultPolicy: 'deny' });
    for (const path of [paths.rules, paths.lastGood]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('takes a file that was edited by hand, says so, and copies it', () => {
    new RuleStore(paths).save(denying('192.0.2.1'));
    writeFileSync(paths.rules, readFileSync(paths.rules, 'utf8').replace('192.0.2.1', '192.0.2.2'));
    const loaded = new RuleStore(paths).load();
    expect(loaded).toMatchObject({ from: 'file', isEdited: true });
    expect(loaded.book.rules).toMatchObject([{ source: '192.0.2.2' }]);
    expect(readFileSync(paths.lastGood, 'utf8')).toContain('192.0.2.2');
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['of zeros', (text: string) => '\0'.repeat(text.length)],
    ['of another kind', () => '{"rules": 7}'],
    ['gone', undefined],
  ])('falls back to the last good copy when the file is %s, with an alarm that names both', (_, damage) => {
    const book = denying('192.0.2.1');
    new RuleStore(paths).save(book);
    if (damage) writeFileSync(paths.rules, damage(readFileSync(paths.rules, 'utf8')));
    else rmSync(paths.rules);
    const loaded = new RuleStore(paths).load();
    expect(loaded).toMatchObject({ from: 'last good copy', book });
    expect(loaded.alarms).toEqual([expect.stringContaining(paths.rules)]);
    expect(loaded.alarms).toEqual([expect.stringContaining(paths.lastGood)]);
  });

  it('does not overwrite what somebody edited before it was read', () => {
    const store = new RuleStore(paths);
    store.save(denying('192.0.2.1'));
    const edited = readFileSync(paths.rules, 'utf8').replace('192.0.2.1', '192.0.2.22');
    writeFileSync(paths.rules, edited);
    expect(() => store.save(denying('192.0.2.3'))).toThrow(/edited since it was read.*kill -HUP/);
    expect(readFileSync(paths.rules, 'utf8')).toBe(edited);
    store.load();
    store.save(denying('192.0.2.3'));
    store.save(denying('192.0.2.4'));
    rmSync(paths.rules);
    store.save(denying('192.0.2.5'));
    expect(readFileSync(paths.rules, 'utf8')).toContain('192.0.2.5');
  });

  it('keeps a damaged file beside the one that takes its place', () => {
    new RuleStore(paths).save(denying('192.0.2.1'));
    writeFileSync(paths.rules, '{"version":1,');
    const store = new RuleStore(paths);
    store.load();
    store.save(denying('192.0.2.1', '192.0.2.2'));
    expect(readFileSync(`${paths.rules}.broken`, 'utf8')).toBe('{"version":1,');
    expect(new RuleStore(paths).load()).toMatchObject({ from: 'file', alarms: [] });
  });

  it('refuses when both are damaged', () => {
    new RuleStore(paths).save(denying('192.0.2.1'));
    for (const path of [paths.rules, paths.lastGood]) writeFileSync(path, '{');
    expect(() => new RuleStore(paths).load()).toThrow(RulesFileError);
  });

  it('keeps the lists of sets beside, and removes those that no rule names any more', () => {
    const store = new RuleStore(paths);
    const book = withSet(setOf('drop', { kind: 'copy' }, '192.0.2.0/24 ; comment\n'));
    store.save(book);
    const loaded = new RuleStore(paths).load();
    expect(loaded.sets).toMatchObject([{ name: 'drop', origin: { kind: 'copy' }, loadedAtMs: 1_700_000_000_000 }]);
    expect(textOf(loaded.sets[0]?.text)).toBe('192.0.2.0/24 ; comment\n');
    store.save({ ...book, rules: [], sets: new Map() });
    expect(readdirSync(paths.sets)).toEqual([]);
  });

  it('reads the list of a set from its own file, and the copy when that cannot be read', () => {
    writeFileSync(join(directory, 'feed.txt'), 'first');
    new RuleStore(paths).save(withSet(setOf('feed', { kind: 'file', path: 'feed.txt' }, 'first')));
    writeFileSync(join(directory, 'feed.txt'), 'second');
    expect(textOf(new RuleStore(paths).load().sets[0]?.text)).toBe('second');
    rmSync(join(directory, 'feed.txt'));
    const { sets, alarms } = new RuleStore(paths).load();
    expect(textOf(sets[0]?.text)).toBe('first');
    expect(alarms).toEqual([expect.stringMatching(/set feed.*ENOENT.*copy of the last good one/)]);
  });

  it('takes networks that stand in the file itself', () => {
    const rules = [{ action: 'deny', source: 'set:few' }];
    writeFileSync(
      paths.rules,
      JSON.stringify({ version: 1, rules, sets: { few: { entries: ['192.0.2.1', '::/0'] } } }),
    );
    const { sets } = new RuleStore(paths).load();
    expect(textOf(sets[0]?.text)).toBe('192.0.2.1\n::/0');
  });

  it('leaves a link a link', () => {
    const real = join(directory, 'real.json');
    new RuleStore({ ...paths, rules: real }).save(EMPTY_BOOK);
    symlinkSync(real, paths.rules);
    const store = new RuleStore(paths);
    store.load();
    store.save(denying('192.0.2.1'));
    expect(lstatSync(paths.rules).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('192.0.2.1');
  });

  it('makes the directory of the rules file', () => {
    const rules = join(directory, 'etc', 'packetlog', 'rules.json');
    new RuleStore({ ...paths, rules }).save(EMPTY_BOOK);
    expect(existsSync(rules)).toBe(true);
  });
});
