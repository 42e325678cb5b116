import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import { MAKER } from './lab-name.ts';

/** A private bpf file system for a test, so that everything pinned in it ends with the test. */
export interface PinPlace {
  readonly path: string;
  /** Returns what is pinned, as paths below `path`. */
  pins(): string[];
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const NAME = /^plt-pins-([\d.]+)-\d+$/;
const alive = new Set<string>();
let made = 0;
let exitHook = false;

/**
 * Creates the file system. Call it before starting the processes that need it: those in other namespaces have a
 * separate list of mounts.
 */
export async function createPinPlace(): Promise<PinPlace> {
  removeAbandoned();
  const path = join(tmpdir(), `plt-pins-${MAKER}-${++made}`);
  mkdirSync(path, { mode: 0o700 });
  await run('mount', ['-t', 'bpf', '-o', 'mode=0700', 'plt-pins', path]);
  alive.add(path);
  if (!exitHook) process.once('exit', () => [...alive].forEach(remove));
  exitHook = true;
  const place: PinPlace = {
    path,
    pins: () => pinsIn(path).sort(),
    dispose: async () => remove(path),
    [Symbol.asyncDispose]: () => place.dispose(),
  };
  return place;
}

function pinsIn(path: string): string[] {
  const paths = readdirSync(path, { recursive: true, withFileTypes: true });
  return paths
    .filter((entry) => !entry.isDirectory() && !isKernels(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
}

/** Iterators that the kernel creates in a new bpf file system, and that stay. */
const isKernels = (name: string) => name.endsWith('.debug');

function remove(path: string): void {
  alive.delete(path);
  if (!existsSync(path)) return;
  // Pins first: another process may still have the file system in its list of mounts.
  const names = readdirSync(path).filter((name) => !isKernels(name));
  for (const name of names) rmSync(join(path, name), { recursive: true, force: true });
  spawnSync('umount', [path]);
  rmdirSync(path);
}

/** Removes directories whose creator was killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const maker = NAME.exec(name)?.[1]?.split('.');
    // Of a process in this PID namespace.
    if (maker?.[1] === MAKER.split('.')[1] && !existsSync(`/proc/${maker?.[0]}`)) remove(join(tmpdir(), name));
  }
}
