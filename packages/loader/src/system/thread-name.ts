/**
 * Sets the names of threads that ps, top and /proc/PID/comm show. Does not use `process.title`, which would also
 * overwrite the command line that ps shows, with the loader's options.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Default names of Node's processes and threads. */
const DEFAULT = /^(node|MainThread|V8Worker|libuv-worker|SignalInspector|DelayedTaskSchedu.*)$/;

/** Names the calling thread; at most 15 bytes (TASK_COMM_LEN). Does nothing where the kernel rejects it. */
export function nameThread(name: string): void {
  write('/proc/thread-self/comm', name);
}

/** Names the process, and the threads that Node created. Call from the main thread. */
export function nameProcess(name: string): void {
  for (const task of tasks()) {
    if (DEFAULT.test(read(`/proc/self/task/${task}/comm`))) write(`/proc/self/task/${task}/comm`, `${name}-node`);
  }
  write('/proc/self/comm', name);
}

function tasks(): string[] {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function write(path: string, name: string): void {
  try {
    writeFileSync(path, name);
  } catch {
    // A name that cannot be set is no reason to fail.
  }
}
