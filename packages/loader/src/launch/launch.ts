/**
 * Starts the core without root's rights. This process, which root started, first does what needs root; then it replaces
 * itself with the core (execve(2)), which has the user of the service and three capabilities.
 */
import { closeSync, constants, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptorsOf, type Handover } from '../ipc/helpers/handover.ts';
import { HANDOVER_VARIABLE } from '../ipc/helpers/handover-variable.ts';
import { PIPES } from '../ipc/server-descriptors.ts';
import { parentDeathSignal, raiseMemlock, setParentDeathSignal, stayOpen } from '../native/launch-calls.ts';
import { SystemCallError } from '../native/libc.ts';
import { connectNotifySocket } from '../native/notify-socket.ts';
import { isThere } from '../rules/store/regular-file.ts';
import {
  checkStateDirectory,
  makeStateDirectory,
  pathsForRoot,
  type StatePaths,
} from '../rules/store/state-directory.ts';
import { dropOptions, ownPrivileges, readPasswd, serverUserIn, setprivPath } from '../supervisor/server-command.ts';
import { SERVER_FLAGS } from '../supervisor/server-flags.ts';
import { enterNamespaceAt, networkNamespaceId } from '../system/network-namespace.ts';
import { perfProblem } from '../system/perf-paranoid.ts';
import { hiddenBelow } from '../system/reach.ts';
import { asUser, coreUser, type User } from '../system/service-user.ts';
import { codeDirectories, neededFiles } from './code-directories.ts';
import { coreRights } from './core-command.ts';
import { dropProblem } from './drop-problem.ts';
import {
  startAppendHelper,
  startProcessesHelper,
  startReadHelper,
  startRulesHelper,
  startServerHelper,
} from './helpers.ts';
import { revealDirectories } from './own-mounts.ts';
import { openPinsFor } from './pin-directory-for-core.ts';
import { giveRecordDirectory } from './record-directory.ts';
import { giveDirectory, giveFile } from './state-owner.ts';

const SERVER_PROGRAM = fileURLToPath(new URL('../server-process.cjs', import.meta.url));
/** The directory of the rules file that packetlog creates, and may own. */
const DEFAULT_RULES_DIRECTORY = '/etc/packetlog';
const ROOT = 0;

export interface LaunchOptions {
  readonly state: StatePaths;
  readonly netns: string | undefined;
  readonly transport: string;
  readonly bpfFs: string | undefined;
  readonly pin: 'auto' | 'always' | 'never';
  readonly listen: object | 'off';
  /** Directory of the dashboard; undefined: none is served. */
  readonly dashboard: string | undefined;
  /** File for denied packets; undefined: none. */
  readonly logDenies: string | undefined;
  /** The recorder's directory, apart from the state directory; undefined: it has none. */
  readonly recordDirectory: string | undefined;
  /** Files that the core reads, at the start or again, and that its user may be unable to read. */
  readonly files: readonly string[];
}

/**
 * Becomes the core, and does not return then. Returns why it cannot drop root's rights; undefined if it has none.
 * Throws SetupError.
 */
export function launchCore(options: LaunchOptions): string | undefined {
  if (process.geteuid?.() !== ROOT) return undefined;
  // The kernel removes it whenever the effective user changes, which the preparations do.
  const deathSignal = parentDeathSignal();
  const user = coreUser();
  const problem = dropProblem(user) ?? (options.transport === 'perf' ? perfProblem() : undefined);
  if (problem !== undefined || user === undefined) return problem;
  try {
    return become(options, user, deathSignal);
  } catch (error) {
    if (error instanceof SystemCallError) return error.message;
    throw error;
  }
}

function become(options: LaunchOptions, user: User, deathSignal: number): string {
  networkNamespaceId(options.netns);
  checkStateDirectory(options.state);
  const directory = prepareDirectory(options.state, user);
  if (typeof directory === 'object') return directory.problem;
  const record = options.recordDirectory;
  const recordProblem = record === undefined ? undefined : giveRecordDirectory(record, user);
  if (recordProblem !== undefined) return recordProblem;
  const handover = prepare(options, directory, user);
  const hide = revealDirectories(reachedDirectories(options, directory), user);
  const unreadable = neededFiles().find((path) => !mayRead(path, user));
  if (unreadable !== undefined) {
    hide();
    // Ends the helpers.
    for (const fd of descriptorsOf(handover)) closeSync(fd);
    return `user ${user.uid} cannot read ${unreadable}`;
  }
  // The buffers of perf events count as locked memory.
  const locksMemory = !raiseMemlock() && options.transport === 'perf';
  if (options.netns !== undefined) enterNamespaceAt(options.netns);
  setParentDeathSignal(deathSignal);
  return replaceWith(coreRights(user, { locksMemory, hasDeathSignal: deathSignal !== 0 }), handover);
}

/** Opens what the core needs, and starts its helpers: in this network namespace, and with the mounts of the machine. */
function prepare({ netns, logDenies, ...options }: LaunchOptions, directory: string, user: User): Handover {
  const rules = resolve(options.state.rules);
  const hasServer = options.listen !== 'off';
  const { NOTIFY_SOCKET: notifySocket } = process.env;
  return {
    directory,
    rules,
    is_in_namespace: netns !== undefined,
    pins: openPinsFor(user, options.bpfFs, options.pin),
    notify: notifySocket === undefined ? undefined : attempt(() => connectNotifySocket(notifySocket)),
    server: hasServer ? startServer() : undefined,
    processes: startProcessesHelper(),
    rules_file: mustHelpWith(rules, directory, user) ? startRulesHelper(rules) : undefined,
    log_file:
      logDenies !== undefined && !mayAppend(logDenies, user) ? startAppendHelper(resolve(logDenies)) : undefined,
    read_files: helpWithReading(options.files, user),
  };
}

/** Creates the state directory, and gives it to `user`. Returns its path without links, or a problem. */
function prepareDirectory(state: StatePaths, user: User): string | { problem: string } {
  const directory = resolve(state.directory);
  try {
    makeStateDirectory(pathsForRoot(state));
  } catch {
    // The core reports that rules cannot be changed.
    if (!existsSync(directory)) return directory;
  }
  try {
    giveDirectory(realpathSync(directory), user);
    giveRules(resolve(state.rules), user);
  } catch (error) {
    return { problem: `${directory} cannot be given to user ${user.uid}: ${(error as Error).message}` };
  }
  return realpathSync(directory);
}

/** Of the directories of the rules file, only the usual one is packetlog's own. */
function giveRules(rules: string, user: User): void {
  const directory = dirname(rules);
  if (directory === DEFAULT_RULES_DIRECTORY) {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    giveDirectory(directory, user);
  }
  // Root may have replaced the file in a directory of the user.
  if (statSync(directory, { throwIfNoEntry: false })?.uid === user.uid && isThere(rules)) giveFile(rules, user);
}

/** Returns whether only root may replace the rules file: its directory, such as root's home, does not belong to `user`. */
function mustHelpWith(rules: string, state: string, user: User): boolean {
  const directory = dirname(rules);
  if (attempt(() => realpathSync(directory)) === state) return false;
  const facts = statSync(directory, { throwIfNoEntry: false });
  return facts?.uid !== user.uid || hiddenBelow(join(realpathSync(directory), 'entry'), user) !== undefined;
}

function reachedDirectories({ dashboard, recordDirectory }: LaunchOptions, state: string): string[] {
  const record = recordDirectory === undefined ? [] : [recordDirectory];
  return [...codeDirectories(dashboard), state, ...record]
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
}

/** Starts a helper for the files that `user` cannot read, if there are any. Leaves the report of an error to the core. */
function helpWithReading(files: readonly string[], user: User): Handover['read_files'] {
  const paths = [...new Set(files)].filter((path) => !mayRead(path, user) && !mayReplace(path, user));
  return paths.length === 0 ? undefined : { ...startReadHelper(paths.map((path) => resolve(path))), paths };
}

/** Whether `user` could put a link to another file there. */
function mayReplace(path: string, user: User): boolean {
  const file = attempt(() => realpathSync(path)) ?? path;
  return [path, file].some((each) => statSync(dirname(each), { throwIfNoEntry: false })?.uid === user.uid);
}

function mayRead(path: string, user: User): boolean {
  const file = attempt(() => asUser(user, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)));
  if (file !== undefined) closeSync(file);
  return file !== undefined;
}

/** Whether the user can append to the file, and create it again after it was rotated. */
function mayAppend(path: string, user: User): boolean {
  const directory = statSync(dirname(resolve(path)), { throwIfNoEntry: false });
  return directory?.uid === user.uid && hiddenBelow(resolve(path), user) === undefined;
}

function startServer(): Handover['server'] {
  const drop = dropOptions(ownPrivileges(), serverUserIn(readPasswd()));
  const command = [setprivPath(), ...drop, '/proc/self/fd/7', ...SERVER_FLAGS, '-', PIPES];
  return startServerHelper(SERVER_PROGRAM, process.execPath, command);
}

function replaceWith(rights: readonly string[], handover: Handover): never {
  for (const fd of descriptorsOf(handover)) stayOpen(fd);
  const env = { ...process.env, [HANDOVER_VARIABLE]: JSON.stringify(handover) };
  const setpriv = setprivPath();
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // The declarations of Node.js 20 lack it.
  const { execve } = process as unknown as { execve: (file: string, args: string[], env: object) => never };
  return execve(setpriv, [setpriv, ...rights, ...command], env);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
