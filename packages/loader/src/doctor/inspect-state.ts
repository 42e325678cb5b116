/** Observes the state directory and the rules in it. Changes nothing. */
import { closeSync, fstatSync } from 'node:fs';
import { checkStoredRules } from '../rules/check-stored-rules.ts';
import { holderOf, openDirectory } from '../rules/store/lock-holder.ts';
import { checkStateDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import { heldByLoader } from '../rules/store/state-lock.ts';
import { observeStorage, spaceWarning, storageProblem } from '../rules/store/state-storage.ts';
import { lockOwner, readLocks } from '../system/lock-owner.ts';
import { AS_ROOT, attempt, attemptLater, type Check, notChecked, ok, warn } from './doctor-check.ts';

const MIB = 2 ** 20;

export interface StateFindings {
  checks: Check[];
  /** Pid of the loader that uses the directory. */
  loader: number | undefined;
}

export async function stateChecks(paths: StatePaths): Promise<StateFindings> {
  const { directory } = paths;
  const access = attempt('state_directory', () => {
    checkStateDirectory(paths);
    return [storageCheck(directory)];
  });
  let loader: number | undefined;
  const running = attempt('loader', () => {
    const { pid, check } = runningLoader(directory);
    loader = pid;
    return [check];
  });
  const checks = [
    ...access,
    ...attempt('disk', () => [diskCheck(directory)]),
    ...running,
    ...(await attemptLater('rules', () => rulesChecks(paths))),
  ];
  return { checks, loader };
}

function storageCheck(path: string): Check {
  const facts = observeStorage(path);
  const problem = facts && storageProblem(facts);
  if (problem) return warn('state_directory', problem);
  if (facts?.directory !== path) return ok('state_directory', `${path} does not exist yet; packetlog creates it`);
  return ok('state_directory', `Only its owner can change ${path}`);
}

function diskCheck(path: string): Check {
  const facts = observeStorage(path);
  if (!facts) return notChecked('disk', `${path} cannot be inspected`, AS_ROOT);
  const problem = spaceWarning(facts);
  return problem ? warn('disk', problem) : ok('disk', freeText(facts.freeBytes, path));
}

function freeText(bytes: number, path: string): string {
  if (!Number.isFinite(bytes)) return `The file system of ${path} does not tell how much is free`;
  return `${Math.floor(bytes / MIB)} MiB are free for ${path}`;
}

/** Reads /proc/locks instead of taking the lock, which would reject a loader that starts meanwhile. */
function runningLoader(path: string): { pid: number | undefined; check: Check } {
  const none = { pid: undefined, check: ok('loader', `No packetlog uses ${path}`) };
  let fd: number;
  try {
    fd = openDirectory(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return none;
    throw error;
  }
  try {
    const pid = lockOwner(readLocks(), fstatSync(fd, { bigint: true }).ino);
    if (pid === undefined) return none;
    const isCommand = holderOf(path, fd).isCommand;
    if (isCommand) return { pid: undefined, check: ok('loader', `packetlog rules (pid ${pid}) is changing the rules`) };
    return { pid, check: warn('loader', heldByLoader(path, pid)) };
  } finally {
    closeSync(fd);
  }
}

async function rulesChecks(paths: StatePaths): Promise<Check[]> {
  const { rules, isNew, alarms } = await checkStoredRules(paths);
  if (alarms.length > 0) {
    return alarms.map((problem) =>
      warn('rules', { problem: problem.replace(/\.$/, ''), next: 'See: packetlog rules list.' }),
    );
  }
  if (isNew) return [ok('rules', 'There are no rules, so every packet is permitted')];
  return [ok('rules', `${paths.rules}: ${rules} ${rules === 1 ? 'rule' : 'rules'}`)];
}
