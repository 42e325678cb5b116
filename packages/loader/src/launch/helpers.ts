/** Starts the helpers, which keep root's user id and one right each. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Handover, HelperPipes } from '../ipc/helpers/handover.ts';
import { createPipe } from '../native/launch-calls.ts';
import { setprivPath } from '../supervisor/server-command.ts';
import { APPEND_SCRIPT, PROCESSES_SCRIPT, READ_SCRIPT, RULES_SCRIPT, SERVER_SCRIPT } from './helper-scripts.ts';

const SHELL = '/bin/sh';
/** For all: names of setpriv(1). */
const PROCESS_RIGHTS = ['sys_ptrace', 'dac_read_search'];
const READ_RIGHTS = ['dac_read_search'];
const FILE_RIGHTS = ['dac_override'];
/** Opens pipes of the core, and starts and ends processes of another user. */
const SERVER_RIGHTS = ['setuid', 'setgid', 'setpcap', 'kill', 'sys_ptrace', 'dac_override'];

/** `program`, `runtime`: files of the server; `command`: runs it without rights. */
export function startServerHelper(program: string, runtime: string, command: readonly string[]): Handover['server'] {
  const files = [openSync(program, 'r'), openSync(runtime, 'r')];
  const errors = createPipe();
  try {
    const pipes = startHelper(SERVER_SCRIPT, SERVER_RIGHTS, errors.write, files, command);
    return { ...pipes, errors: errors.read };
  } finally {
    for (const fd of [...files, errors.write]) closeSync(fd);
  }
}

export function startProcessesHelper(): HelperPipes {
  return startHelper(PROCESSES_SCRIPT, PROCESS_RIGHTS, 'ignore', [], []);
}

/** `rules`: absolute path of the rules file. */
export function startRulesHelper(rules: string): HelperPipes {
  return startHelper(RULES_SCRIPT, FILE_RIGHTS, 'ignore', [], [rules]);
}

/** `paths`: of the files, absolute. */
export function startReadHelper(paths: readonly string[]): HelperPipes {
  return startHelper(READ_SCRIPT, READ_RIGHTS, 'ignore', [], paths);
}

/** `log`: absolute path of the log of denied packets. */
export function startAppendHelper(log: string): HelperPipes {
  return startHelper(APPEND_SCRIPT, FILE_RIGHTS, 'ignore', [], [log]);
}

function startHelper(
  script: string,
  rights: readonly string[],
  errors: number | 'ignore',
  files: readonly number[],
  args: readonly string[],
): HelperPipes {
  const requests = createPipe();
  const answers = createPipe();
  const limits = ['--inh-caps=-all', `--bounding-set=-all,${rights.map((right) => `+${right}`).join(',')}`];
  const command = [...limits, '--no-new-privs', SHELL, '-c', script, 'packetlog-helper', ...args];
  // Detached: signals of the terminal are for the core.
  const child = spawn(setprivPath(), command, {
    stdio: [requests.read, answers.write, errors, ...files],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  child.unref();
  for (const fd of [requests.read, answers.write]) closeSync(fd);
  return { requests: requests.write, answers: answers.read };
}
