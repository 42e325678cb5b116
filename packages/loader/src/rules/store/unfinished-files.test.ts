import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { statePaths } from './state-directory.ts';
import { removeUnfinished } from './unfinished-files.ts';

/** No process has it (pid_max is at most 2^22). */
const ENDED = 2 ** 22 + 1;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packetlog-unfinished-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('removes what killed processes left, but no other file and none of a running process', () => {
  const [directory, etc] = [join(root, 'state'), join(root, 'etc')];
  for (const path of [directory, join(directory, 'sets'), etc]) mkdirSync(path);
  const paths = statePaths({ PACKETLOG_STATE_DIR: directory }, join(etc, 'rules.json'));
  const left = [
    ...[`.rules.state.json.${ENDED}.tmp`, `.rules.last-good.json.${ENDED}.old`, `.tokens.json.${process.pid}.tmp`].map(
      (name) => join(directory, name),
    ),
    join(paths.sets, `.bad.txt.${ENDED}.tmp`),
    join(etc, `.rules.json.${ENDED}.tmp`),
  ];
  const kept = [
    join(directory, 'rules.state.json'),
    join(directory, `.rules.state.json.${process.ppid}.tmp`),
    join(etc, `.other.json.${ENDED}.tmp`),
    join(etc, `rules.json.${ENDED}.tmp`),
  ];
  for (const path of [...left, ...kept]) writeFileSync(path, '');
  removeUnfinished(paths);
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(found.map(({ parentPath, name }) => join(parentPath, name)).sort()).toEqual(kept.sort());
});

it('does nothing where there is no directory', () => {
  removeUnfinished(statePaths({ PACKETLOG_STATE_DIR: join(root, 'none') }));
  expect(readdirSync(root)).toEqual([]);
});
