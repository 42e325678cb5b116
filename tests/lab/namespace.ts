import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { type Agent, startAgent } from './agent.ts';
import { run, runJson } from './command.ts';
import { guardLabName, makerOf, newLabName } from './lab-name.ts';
import { until } from './until.ts';

/** A network namespace that the test creates, with nothing in it but loopback. */
export interface Namespace {
  readonly name: string;
  /** Runs a command inside to its end and resolves with its standard output. */
  exec(file: string, ...args: string[]): Promise<string>;
  /** Starts a command inside; its pid is the command's own. Disposing the namespace kills it. */
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs lines of `ip -batch`, without the leading `ip`. */
  ip(...lines: string[]): Promise<void>;
  /** Runs `ip -json` with these arguments. */
  ipJson<T>(...args: string[]): Promise<T>;
  /** Sets sysctls by their path below /proc/sys. */
  setSysctls(values: Readonly<Record<string, string | number>>): Promise<void>;
  /** Returns the Node.js process inside that sends and receives; the first call starts it. */
  agent(): Promise<Agent>;
  /** Kills the processes inside and removes the namespace with its links. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Writes all settings in one process, to keep the creation of namespaces fast. */
const WRITE_SYSCTLS = 'while read -r path value; do echo "$value" >"/proc/sys/$path"; done';

/** Inodes of all namespaces that this process created, including removed ones. */
export const namespaceInodes = new Set<number>();

const alive = new Set<string>();
let exitHook = false;

/** Removes the namespaces, and kills the processes inside, when a test process ends without disposing them. */
function removeAtExit(name: string): void {
  alive.add(name);
  if (exitHook) return;
  exitHook = true;
  process.once('exit', () => {
    for (const left of alive) {
      const pids = spawnSync('ip', ['netns', 'pids', guardLabName(left)], { encoding: 'utf8' }).stdout;
      for (const pid of (pids ?? '').split('\n').filter(Boolean)) kill(Number(pid));
      spawnSync('ip', ['netns', 'delete', left]);
    }
  });
}

let cleaned: Promise<void> | undefined;

export async function createNamespace(): Promise<Namespace> {
  cleaned ??= removeAbandonedNamespaces();
  await cleaned;
  const name = newLabName();
  await run('ip', ['netns', 'add', name]);
  removeAtExit(name);
  namespaceInodes.add(statSync(`/run/netns/${name}`).ino);
  const inside = ['netns', 'exec', name];
  let agent: Promise<Agent> | undefined;

  const namespace: Namespace = {
    name,
    exec: (file, ...args) => run('ip', [...inside, file, ...args]),
    spawn: (file, args, options = {}) => spawn('ip', [...inside, file, ...args], options),
    ip: async (...lines) => {
      await run('ip', ['-n', name, '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
    },
    ipJson: (...args) => runJson('ip', ['-n', name, '-json', ...args]),
    setSysctls: async (values) => {
      const lines = Object.entries(values).map(([path, value]) => `${path} ${value}\n`);
      await run('ip', [...inside, 'sh', '-ec', WRITE_SYSCTLS], lines.join(''));
    },
    agent: () => {
      agent ??= startAgent(namespace);
      return agent;
    },
    dispose: async () => {
      if (!alive.has(name)) return;
      await (await agent?.catch(() => undefined))?.stop();
      await removeNamespace(name);
      alive.delete(name);
    },
    [Symbol.asyncDispose]: () => namespace.dispose(),
  };
  return namespace;
}

async function pidsIn(name: string): Promise<number[]> {
  return (await run('ip', ['netns', 'pids', name])).split('\n').filter(Boolean).map(Number);
}

/** Deletes the links first: those left in a namespace without a name are removed only some time later. */
async function removeNamespace(name: string): Promise<void> {
  guardLabName(name);
  for (const pid of await pidsIn(name)) kill(pid);
  await until(async () => (await pidsIn(name)).length === 0, { what: `the processes in ${name} to end` });
  const links = await runJson<{ ifname: string; link_type: string }[]>('ip', ['-n', name, '-json', 'link']);
  for (const { ifname } of links.filter(({ link_type }) => link_type !== 'loopback')) {
    // The other end of the pair may be gone with its namespace.
    await run('ip', ['-n', name, 'link', 'delete', ifname]).catch(() => undefined);
  }
  await run('ip', ['netns', 'delete', name]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}

export async function labNamespaces(): Promise<string[]> {
  const all = await runJson<{ name: string }[]>('ip', ['-json', 'netns', 'list']);
  return all.map(({ name }) => name).filter((name) => makerOf(name) !== undefined);
}

/** Removes namespaces whose creator was killed, and keeps those of running processes. */
async function removeAbandonedNamespaces(): Promise<void> {
  for (const name of await labNamespaces()) {
    // Another test process may be removing it too.
    if (!existsSync(`/proc/${makerOf(name)}`)) await removeNamespace(name).catch(() => undefined);
  }
}
