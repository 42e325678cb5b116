import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rootOf } from './code-directories.ts';
import { coreRights } from './core-command.ts';
import { READ_SCRIPT, RULES_SCRIPT } from './helper-scripts.ts';
import { outermost } from './own-mounts.ts';

it('the code of a clone is the repository, of an installed package everything that it imports', () => {
  const isWorkspace = (path: string) => path === '/root/clone';
  expect(rootOf('/root/clone/packages/loader', isWorkspace)).toBe('/root/clone');
  expect(rootOf('/usr/lib/packetlog/node_modules/@packetlog/loader', isWorkspace)).toBe('/usr/lib/packetlog');
  expect(rootOf('/opt/packetlog', isWorkspace)).toBe('/opt/packetlog');
});

it('directories below others are shown with those', () => {
  expect(outermost(['/root/a/b', '/root/a', '/root/ab', '/root/a'])).toEqual(['/root/a', '/root/ab']);
});

it('the core keeps three capabilities, and one more only to lock memory', () => {
  const rights = (locksMemory: boolean, hasDeathSignal = false) =>
    coreRights({ uid: 990, gid: 991 }, { locksMemory, hasDeathSignal }).join(' ');
  expect(rights(false)).toBe(
    '--reuid 990 --regid 991 --clear-groups --inh-caps=-all,+bpf,+net_admin,+perfmon ' +
      '--ambient-caps=-all,+bpf,+net_admin,+perfmon --bounding-set=-all,+bpf,+net_admin,+perfmon --no-new-privs',
  );
  expect(rights(true)).toContain('--bounding-set=-all,+bpf,+net_admin,+perfmon,+ipc_lock');
  expect(rights(false, true)).toMatch(/ --pdeathsig keep$/);
});

it('the helper that reads returns files that it was started for, and answers nothing else', () => {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-read-'));
  const [file, missing] = [join(directory, 'a file'), join(directory, 'missing')];
  try {
    writeFileSync(file, 'a\nb', { mode: 0o640 });
    const input = [
      'read 1',
      'read 2',
      'read 3',
      'read 4',
      'read 0',
      'read -1',
      `read ${file}`,
      'write 1',
      'read 1',
      '',
    ];
    const { stdout } = spawnSync('/bin/sh', ['-c', READ_SCRIPT, 'helper', file, missing, directory], {
      input: input.join('\n'),
      encoding: 'utf8',
    });
    expect(stdout).toBe('3 640\na\nbno such file\nit is a directory\n3 640\na\nb');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('the helper that replaces the rules file writes through no link that lies beside it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-rules-'));
  const [rules, victim] = [join(directory, 'rules.json'), join(directory, 'victim')];
  try {
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, join(directory, '.rules.json.packetlog.tmp'));
    const { stdout } = spawnSync('/bin/sh', ['-c', RULES_SCRIPT, 'helper', rules], {
      input: 'prepare 3\nabccommit\n',
      encoding: 'utf8',
    });
    expect(stdout).toBe('done\ndone\n');
    expect([readFileSync(victim, 'utf8'), readFileSync(rules, 'utf8')]).toEqual(['untouched', 'abc']);
    expect(lstatSync(rules).isFile()).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
