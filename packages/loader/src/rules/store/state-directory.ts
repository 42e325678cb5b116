/** The paths of the files that outlive the loader, and checks of the directory that holds them. */
import { chmodSync, constants, lstatSync, mkdirSync, openSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isInUserNamespace, privilegeAdvice } from '../../errors/privilege.ts';
import { type Problem, SetupError } from '../../errors/setup-error.ts';
import { listed, missingCapabilities, missingToAssume, ownCapabilities } from '../../system/capabilities.ts';
import { hiddenBelow } from '../../system/reach.ts';
import { asOwnerOf, type ServiceUsers, serviceOwnerOf, serviceUsers } from '../../system/service-user.ts';
import { ownerProblem, type PathProblem, pathProblem } from '../../system/trusted-path.ts';
import { observeStorage, storageProblem } from './state-storage.ts';

const DEFAULT_DIRECTORY = '/var/lib/packetlog';
const DEFAULT_RULES_FILE = '/etc/packetlog/rules.json';
const OWNER_ONLY = 0o700;
/** sun_path of struct sockaddr_un (unix(7)) has 108 bytes, including the NUL. Node 20 truncates longer paths. */
const MAX_SOCKET_PATH = 107;

export interface StatePaths {
  readonly directory: string;
  /** The rules file, which people may edit. */
  readonly rules: string;
  /** The last rules that were compiled and in force. */
  readonly lastGood: string;
  /** Which contents of the rules file were accepted, and which were not confirmed. */
  readonly state: string;
  readonly audit: string;
  /** Bans in force, and what earlier ones count for. */
  readonly bans: string;
  /** Decisions about bans, one a line. */
  readonly decisions: string;
  /** Counts of the rules, from earlier loaders. */
  readonly counts: string;
  /** Alerts with the secrets of their targets, and their messages that are not sent yet. */
  readonly alerts: string;
  readonly alertsState: string;
  readonly controlSocket: string;
  /** Directory of the lists of sets. */
  readonly sets: string;
  /** Directory of the node's key, its hubs and their rules; exists only with `--hub`. */
  readonly fleet: string;
}

/** `rulesFile`: the value of `--rules`. Reads PACKETLOG_STATE_DIR of the environment. */
export function statePaths(environment: NodeJS.ProcessEnv, rulesFile?: string): StatePaths {
  const given = environment['PACKETLOG_STATE_DIR'];
  const directory = given ?? DEFAULT_DIRECTORY;
  return {
    directory,
    rules: rulesFile ?? (given === undefined ? DEFAULT_RULES_FILE : join(given, 'rules.json')),
    lastGood: join(directory, 'rules.last-good.json'),
    state: join(directory, 'rules.state.json'),
    audit: join(directory, 'audit.ndjson'),
    bans: join(directory, 'bans.json'),
    decisions: join(directory, 'decisions.ndjson'),
    counts: join(directory, 'counts.json'),
    alerts: join(directory, 'alerts.json'),
    alertsState: join(directory, 'alerts.state.json'),
    controlSocket: join(directory, 'control.sock'),
    sets: join(directory, 'sets'),
    fleet: join(directory, 'fleet'),
  };
}

/**
 * Returns paths for a command of root: where the owner of the directory, the core's user, could not search its parents,
 * they lead through a descriptor that stays open. With that user's rights, `asOwnerOf` could not use the others.
 */
export function pathsForRoot(paths: StatePaths, service = serviceUsers): StatePaths {
  const facts = process.geteuid?.() === 0 ? statSync(paths.directory, { throwIfNoEntry: false }) : undefined;
  if (facts === undefined || facts.uid === 0 || !service().includes(facts.uid)) return paths;
  const path = realpathSync(paths.directory);
  if (hiddenBelow(path, facts) === undefined) return paths;
  const directory = `/proc/self/fd/${openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)}`;
  const isInside = dirname(resolve(paths.rules)) === resolve(paths.directory);
  return statePaths(
    { PACKETLOG_STATE_DIR: directory },
    isInside ? join(directory, basename(paths.rules)) : resolve(paths.rules),
  );
}

/**
 * Call it before the directory is used. Throws SetupError if another user could change the rules in the directory or
 * answer at its control socket, or if the path of the socket is too long.
 *
 * This protects the control socket: it lies in a directory of mode 0700 that only root or its owner can replace.
 * (SO_PEERCRED would need a call into C, and the thread that serves the socket makes none while it serves.)
 */
export function checkStateDirectory(
  { directory, controlSocket, sets, fleet }: StatePaths,
  service = serviceUsers,
): void {
  const bytes = Buffer.byteLength(controlSocket);
  if (bytes > MAX_SOCKET_PATH) {
    throw unusable(directory, {
      problem: `the path of the control socket in it would have ${bytes} bytes, and Linux permits ${MAX_SOCKET_PATH}`,
      next: 'Name a directory with a shorter path with PACKETLOG_STATE_DIR.',
      exit: 'usage',
    });
  }
  const problem = readable(
    () =>
      pathProblem(directory, undefined, service) ??
      entryProblem(directory, service) ??
      entryProblem(sets, service) ??
      entryProblem(fleet, service),
  );
  if (problem !== undefined) {
    throw unusable(directory, {
      problem: `${problem.path} ${problem.problem}`,
      next: isInUserNamespace() ? privilegeAdvice() : repairAdvice(problem),
      exit: 'privilege',
    });
  }
}

/**
 * Call it before anything is written in the directory: in one of the core's user, root does that with the rights of that
 * user (`asOwnerOf`). Throws SetupError if it cannot.
 */
export function checkOwnerRights(
  { directory }: StatePaths,
  service = serviceUsers,
  capabilities = ownCapabilities(),
): void {
  const owner = serviceOwnerOf(directory, service);
  const missing = owner === undefined ? [] : missingToAssume(capabilities);
  if (missing.length === 0) return;
  throw unusable(directory, {
    problem: `it belongs to user ${owner?.uid}, and root without ${listed(missing)} cannot work there as that user`,
    next: `Start packetlog with ${listed(missing)}, or name another directory with PACKETLOG_STATE_DIR.`,
    exit: 'privilege',
  });
}

function repairAdvice({ path }: PathProblem): string {
  return `See who owns it (ls -ld ${path}) and restrict it to yourself (chown, chmod go-w), or name another directory with PACKETLOG_STATE_DIR.`;
}

/**
 * Prepares the directory for a loader. Throws SetupError like `checkStateDirectory`. Returns warnings if the directory
 * cannot be created, or nothing can be stored in it.
 */
export function prepareStateDirectory(paths: StatePaths): string[] {
  checkStateDirectory(paths);
  // Without the capabilities of a loader, loading the program fails, and names them.
  if (missingCapabilities(ownCapabilities()).length === 0) checkOwnerRights(paths);
  try {
    makeStateDirectory(paths);
    const storage = observeStorage(paths.directory);
    const problem = storage && storageProblem(storage);
    return problem ? [asWarning(problem)] : [];
  } catch (error) {
    const storage = observeStorage(paths.directory);
    const problem = storage && storageProblem(storage);
    if (problem) return [asWarning(problem)];
    const why = error instanceof Error ? error.message : String(error);
    return [`Rules cannot be changed: ${why}. Name a directory with PACKETLOG_STATE_DIR.`];
  }
}

const asWarning = ({ problem, next }: Problem) => `${problem}. ${next}`;

/** Creates the directories for their owner only. Throws the file system's error. */
export function makeStateDirectory({ directory, sets }: StatePaths): void {
  makePrivate(directory, [directory, sets]);
}

/** Creates the directory of the fleet in the state directory. Throws the file system's error. */
export function makeFleetDirectory({ directory, fleet }: StatePaths): void {
  makePrivate(directory, [fleet]);
}

function makePrivate(directory: string, paths: readonly string[]): void {
  asOwnerOf(directory, () => {
    for (const path of paths) {
      makeDirectory(path);
      if ((statSync(path).mode & 0o777) !== OWNER_ONLY) chmodSync(path, OWNER_ONLY);
    }
  });
}

/** Avoids `recursive`, which never returns where mkdir(2) fails as in sysfs (Node 20). */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, OWNER_ONLY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, OWNER_ONLY);
  }
}

/** Finds a file or link of another user, from a time when that user could write to the directory. */
function entryProblem(directory: string, service: ServiceUsers): { path: string; problem: string } | undefined {
  const user = process.geteuid?.() ?? 0;
  for (const name of entries(directory)) {
    const path = join(directory, name);
    const facts = lstatSync(path, { throwIfNoEntry: false });
    const problem = facts && ownerProblem(facts.uid, user, service);
    if (problem !== undefined) return { path, problem };
  }
  return undefined;
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Ignores paths that cannot be inspected: using them will report the error. */
function readable<T>(inspect: () => T): T | undefined {
  try {
    return inspect();
  } catch {
    return undefined;
  }
}

function unusable(directory: string, facts: Pick<SetupError['facts'], 'problem' | 'next' | 'exit'>): SetupError {
  return new SetupError({ step: 'use state directory', target: directory, ...facts });
}
