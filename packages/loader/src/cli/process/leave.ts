/**
 * The way out of the process. `process.exit` alone does not do: it waits for the drain thread, which may be asleep in
 * the kernel until the next packet.
 */

/** For the drain thread's end alone: it detaches, or leaves what is pinned, and empties the rings. */
const THREAD_MS = 10_000;

let endThread: (() => Promise<unknown>) | undefined;

/** `end`: ends the drain thread, wherever it is. */
export function leaveWith(end: () => Promise<unknown>): void {
  endThread = end;
}

/** Ends the drain thread, then the process. One that does not answer is killed with it: the kernel detaches. */
export async function leave(code: number): Promise<never> {
  const ended = Promise.resolve(endThread?.()).then(
    () => true,
    () => true,
  );
  if (!(await Promise.race([ended, after(THREAD_MS)]))) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
