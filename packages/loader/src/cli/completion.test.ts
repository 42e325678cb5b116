import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../errors/exit-codes.ts';
import { packetlogCommand } from './command-line.ts';
import { completionScript, SHELLS } from './completion.ts';
import { runOptions } from './options/run-options.ts';

const program: Command = packetlogCommand(() => {});

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-completion-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Returns what bash offers for the last of these words; interfaces are the folders in `net`. */
function completed(...words: string[]): string[] {
  const script = completionScript('bash', program).replaceAll('/sys/class/net', join(directory, 'net'));
  const run = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _packetlog; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', run, 'bash', 'packetlog', ...words], { cwd: directory, encoding: 'utf8' });
  return output.split('\n').filter((line) => line !== '');
}

describe('completionScript', () => {
  it.each(SHELLS)('for %s contains every option and command', (shell) => {
    const script = completionScript(shell, program);
    for (const { long, hidden } of runOptions())
      if (!hidden) expect(script).toContain(shell === 'fish' ? `-l ${long?.slice(2)} ` : long);
    for (const command of program.commands) expect(script).toContain(command.name());
  });

  it('rejects another shell with the exit code for usage', () => {
    expect(() => completionScript('csh', program)).toThrow(
      /generate completion for "csh": unknown shell.*bash, zsh, fish/,
    );
    expect(() => completionScript('csh', program)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
  });
});

describe('the script for bash', () => {
  it('is valid bash', () => {
    const path = join(directory, 'script');
    writeFileSync(path, completionScript('bash', program));
    expect(execFileSync('bash', ['-n', path], { encoding: 'utf8' })).toBe('');
  });

  it.each([
    [['--log-l'], ['--log-level']],
    [['comp'], ['completion']],
    [
      ['--mode', ''],
      ['auto', 'native', 'generic'],
    ],
    [['--print', 'j'], ['json']],
    [['completion', 'f'], ['fish']],
    [['--nothing'], []],
    [['rules', 'con'], ['confirm']],
    [
      ['bookmarks', ''],
      ['list', 'add', 'remove'],
    ],
    [['bookmarks', 'add', '--n'], ['--note']],
    [['bookmarks', 'list', '--dir', 'li'], ['list.txt']],
    [
      ['rules', 'add', 'deny', 'any', '--pro'],
      ['--protect', '--protocol'],
    ],
    [
      ['rules', 'add', ''],
      ['permit', 'deny', 'limit', 'observe'],
    ],
    [['rules', 'policy', 'd'], ['deny']],
    [['rules', 'edit', '3', '--action', 'o'], ['observe']],
    [['rules', 'import', 'li'], ['list.txt']],
    [['capture', '--form'], ['--format']],
    [
      ['capture', '--format', 'p'],
      ['pcapng', 'packetlog'],
    ],
    [['capture', '-w', 'li'], ['list.txt']],
    [['replay', 'li'], ['list.txt']],
    [['replay', '--tran'], []],
    [['capture', '--pri'], []],
    [
      ['unload', '--'],
      ['--bpf-fs', '--help'],
    ],
    [['run', '--mode', 'g'], ['generic']],
    [['run', 'ca'], []],
  ])('completes %j with %j', (words, answers) => {
    writeFileSync(join(directory, 'list.txt'), '');
    expect(completed(...words)).toEqual(answers);
  });

  it('completes interfaces, quoted, and executes nothing in a name', () => {
    // The kernel accepts such names.
    for (const name of ['eth0', 'eth1', '$(>ran)', '`>ran`', "e'f", 'x;>ran']) {
      mkdirSync(join(directory, 'net', name), { recursive: true });
    }
    writeFileSync(join(directory, 'net', 'bonding_masters'), '');
    expect(completed('--iface', 'eth')).toEqual(['eth0', 'eth1']);
    expect(completed('--iface', '')).toHaveLength(6);
    expect(completed('--iface', '$')).toEqual(['\\$\\(\\>ran\\)']);
    expect(readdirSync(directory)).toEqual(['net']);
  });
});
