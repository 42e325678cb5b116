import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Notice } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, ROOT } from '../../../test/support/fake-kernel.ts';
import { Compiler } from '../compiler/worker/compiler.ts';
import { importing } from '../engine/change.ts';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import type { NamedSet } from '../ruleset/ruleset.ts';
import { readSet } from '../store/read-set.ts';
import { MAX_LIST_BYTES, readRegularFile } from '../store/regular-file.ts';
import { FollowedFiles } from './followed-files.ts';

let directory = '';
let path = '';
let fake: ReturnType<typeof fakeService>;
let files: FollowedFiles;
let writer: (path: string) => Promise<undefined>;
const compiler = new Compiler();
const notices: Notice[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-followed-'));
  path = join(directory, 'drop.txt');
  notices.length = 0;
  fake = fakeService();
  await fake.begin();
  const store = {
    setFile: (file: string) => file,
    readSetFile: (file: string) => readRegularFile(file, MAX_LIST_BYTES),
  };
  writer = async () => undefined;
  const notice = (each: Notice) => notices.push(each);
  files = new FollowedFiles({ service: fake.service, store, compiler, notice, writerOf: (file) => writer(file) });
  await follow('192.0.2.0/24\n198.51.100.0/24\n203.0.113.0/24\n');
});
afterEach(async () => {
  await fake.end();
  rmSync(directory, { recursive: true });
});

async function follow(text: string, allow_empty = false): Promise<void> {
  publish(text);
  const from = {
    name: 'drop',
    origin: { kind: 'file', path } as const,
    text: Buffer.from(text),
    loadedAtMs: Date.now(),
  };
  const { set } = await readSet(compiler, from);
  await fake.service.ask(importing({ action: 'deny', reason: '', allow_empty }, set, ROOT));
}

/** Writes the file with an old time, so that it counts as complete. */
function publish(text: string): void {
  writeFileSync(`${path}.new`, text);
  utimesSync(`${path}.new`, 1_700_000_000, 1_700_000_000);
  renameSync(`${path}.new`, path);
}

const alarms = () => fake.service.alarms.all.map(({ code, message }) => `${code}: ${message}`);

it.each([
  ['holds nothing', '', /holds no network/],
  ['holds comments alone', '# moved\n', /holds no network/],
  ['is a page that says so', '<html>404</html>\n', /cannot be read.*<html>/],
  ['has lost more than half', '192.0.2.0/24\n', /risky: the set drop shrinks from 3 networks to 1/],
  ['has become wide', '192.0.0.0/2\n1.2.3.4\n', /risky: rule 1 denies the set drop/],
])('leaves the last good list in force when a file %s, with an alarm until it is corrected', async (_, text, why) => {
  publish(text);
  await files.takeAll();
  expect(fake.kernel.verdict('203.0.113.7')).toBe('deny 1');
  expect(fake.kernel.verdict('192.1.2.3')).toBe('permit');
  expect(alarms()).toEqual([expect.stringMatching(/^set_file: Set drop stays as it is: /)]);
  expect(alarms()[0]).toMatch(why);
  expect(notices).toMatchObject([{ code: 'set_refused', level: 'error' }]);
  publish('192.0.2.0/24\n198.51.100.0/24\n');
  await files.takeAll();
  expect(alarms()).toEqual([]);
  expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
  expect(fake.kernel.verdict('192.0.2.7')).toBe('deny 1');
});

it('does not use what was read from a file whose writer finished during the search for writers', async () => {
  publish('192.0.2.0/24\n198.51.100.0/24\n');
  writer = async () => {
    writer = async () => undefined;
    appendFileSync(path, '203.0.113.0/25\n');
    return undefined;
  };
  await files.takeAll();
  expect(fake.kernel.verdict('203.0.113.200')).toBe('deny 1');
  expect(notices).toEqual([]);
  utimesSync(path, 1_700_000_001, 1_700_000_001);
  await files.takeAll();
  expect(fake.kernel.verdict('203.0.113.200')).toBe('permit');
  expect(fake.kernel.verdict('203.0.113.7')).toBe('deny 1');
});

it('leaves it in force when the file locks out a protected address or has gone; an import ends the alarm', async () => {
  fake.world.protected = [{ kind: 'ssh_peer', address: '100.64.0.9', ports: [22] }];
  publish('192.0.2.0/24\n198.51.100.0/24\n100.64.0.0/10\n');
  await files.takeAll();
  expect(alarms()[0]).toMatch(/100\.64\.0\.9/);
  rmSync(path);
  await files.takeAll();
  expect(alarms()).toEqual([expect.stringMatching(/ENOENT/)]);
  await follow('192.0.2.0/24\n198.51.100.0/24\n');
  expect(alarms()).toEqual([]);
});

it('leaves what was just written to later polls', async () => {
  writeFileSync(path, '192.0.2.0/24\n198.51.100.0/24\n');
  await files.takeAll();
  expect(fake.kernel.verdict('203.0.113.7')).toBe('deny 1');
  expect(alarms()).toEqual([]);
});

it('leaves a requested empty list as it is', async () => {
  await follow('# none yet\n', true);
  await files.takeAll();
  expect(alarms()).toEqual([]);
  publish('192.0.2.1\n');
  await files.takeAll();
  expect(fake.kernel.verdict('192.0.2.1')).toBe('deny 1');
});

it('does not replace a list that was imported from elsewhere meanwhile, nor an earlier one in undo', async () => {
  const text = Buffer.from('192.0.2.7\n192.0.2.8\n');
  const copy = { name: 'drop', origin: { kind: 'copy' } as const, text, loadedAtMs: Date.now() };
  const { set } = await readSet(compiler, copy);
  const whole = '192.0.2.0/24\n198.51.100.0/24\n203.0.113.0/24\n10.1.0.0/16\n';
  publish(whole);
  writer = async () => {
    await fake.service.ask(importing({ action: 'deny', reason: '', force: true }, set, ROOT));
    await fake.service.confirm(ROOT).catch(() => {});
    return undefined;
  };
  await files.takeAll();
  expect(fake.service.ruleset.sets.get('drop')?.origin).toEqual({ kind: 'copy' });
  writer = async () => undefined;
  await follow('192.0.2.0/24\n192.0.3.0/24\n');
  publish(whole);
  await files.takeAll();
  await fake.service.undo(ROOT);
  expect(fake.service.ruleset.sets.get('drop')).toBe(set);
});

it('does not end the alarm about a lost list because its file is as empty as what is left of it', async () => {
  const [set] = fake.service.ruleset.sets.values();
  const left = { ...(set as NamedSet), list: EMPTY_ADDRESS_LIST, text: new Uint8Array(0) };
  const base = { ...fake.service.ruleset, sets: new Map([['drop', left]]) };
  const lost = [{ set: 'drop', text: left.text, message: 'It was lost.' }];
  await fake.service.begin({ base, from: 'last good copy', edited: undefined, fileAlarm: undefined, lost });
  publish('');
  await files.takeAll();
  expect(alarms()).toEqual(['set_file: It was lost.']);
  publish('192.0.2.0/24\n');
  await files.takeAll();
  expect(alarms()).toEqual([]);
  expect(fake.kernel.verdict('192.0.2.7')).toBe('deny 1');
});

describe('a file without a newline at its end', () => {
  const LATER_MS = 60_001;
  const cut = '192.0.2.0/24\n198.51.100.0/24\n';
  afterEach(() => vi.restoreAllMocks());
  /** Polls until the file has been unchanged for a minute. */
  async function waitAMinute(): Promise<void> {
    files.poll();
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + LATER_MS);
    await files.takeAll();
  }

  it.each(['10.0.0.0/1', '203.0.113.2'])(
    'that ends with %s may be cut off: it is rejected after a minute, and the alarm says what to do',
    async (last) => {
      publish(cut + last);
      await files.takeAll();
      expect(alarms()).toEqual([]);
      await waitAMinute();
      expect(alarms()).toEqual([expect.stringContaining(`has changed, but its last line ("${last}") has no newline`)]);
      expect(alarms()[0]).toMatch(/add the newline: echo >> \/\S+drop\.txt\. If not, write the list again\.$/);
      expect(fake.kernel.verdict('203.0.113.200')).toBe('deny 1');
    },
  );

  it('that ends with a whole network is taken after a minute', async () => {
    publish(`${cut}10.0.0.0/16`);
    await files.takeAll();
    expect(fake.kernel.verdict('10.0.1.2')).toBe('permit');
    await waitAMinute();
    expect(alarms()).toEqual([]);
    expect(fake.kernel.verdict('10.0.1.2')).toBe('deny 1');
  });

  it('that is JSON is taken at once if it can be read, and counts as incomplete for a minute if not', async () => {
    publish(JSON.stringify([{ net: '192.0.2.0/24' }, { net: '10.0.0.0/16' }]));
    await files.takeAll();
    expect(fake.kernel.verdict('10.0.1.2')).toBe('deny 1');
    publish('[{"net":"192.0.2.0/24"},{"net":"10.0.0.0/1');
    await files.takeAll();
    expect(alarms()).toEqual([]);
    await waitAMinute();
    expect(alarms()).toEqual([expect.stringMatching(/^set_file: Set drop stays as it is/)]);
    expect(fake.kernel.verdict('10.0.1.2')).toBe('deny 1');
  });

  it('that has a JSON object per line may be cut off in the last one: it is rejected after a minute', async () => {
    publish('{"net":"192.0.2.0/24"}\n{"net":"198.51.100.0/24"}\n{"net":"203.0');
    await files.takeAll();
    expect(alarms()).toEqual([]);
    await waitAMinute();
    expect(alarms()).toEqual([expect.stringMatching(/has changed, but its last line .* has no newline at its end/)]);
    expect(fake.kernel.verdict('203.0.113.200')).toBe('deny 1');
  });

  it('that is JSON with an address a line, cut off at any byte, leaves the last good list in force', async () => {
    const networks = Array.from({ length: 40 }, (_, i) => `10.${i}.0.0/16`);
    const text = JSON.stringify(networks, null, 0).replaceAll(',', ',\n');
    await follow(text);
    for (const end of [text.indexOf('10.24'), text.indexOf('"10.24'), text.indexOf('0.0/16"', 400), text.length - 1]) {
      publish(text.slice(0, end));
      await files.takeAll();
      expect([alarms(), fake.kernel.verdict('10.39.1.2')]).toEqual([[], 'deny 1']);
    }
    await waitAMinute();
    expect(alarms()).toEqual([
      expect.stringMatching(/drop\.txt has changed, but .*not valid JSON, so it may be cut off/),
    ]);
    expect(fake.kernel.verdict('10.39.1.2')).toBe('deny 1');
    publish(text);
    await files.takeAll();
    expect(alarms()).toEqual([]);
  });
});
