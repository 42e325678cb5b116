/**
 * Ends the process. `process.exit` alone is not enough: it waits for the drain thread, which may sleep in the kernel
 * until the next packet, and discards output that a pipe has not taken yet.
 */
import { EXIT } from '../../errors/exit-codes.ts';
import { printed, said } from './print.ts';
import { say } from './say.ts';

/** Longest wait for the drain thread, which empties the rings and detaches the program unless it is pinned. */
const THREAD_MS = 10_000;

let endThread: (() => Promise<unknown>) | undefined;

/** Registers the function that ends the drain thread. `leave` may call it in any state of the thread. */
export function leaveWith(end: () => Promise<unknown>): void {
  endThread = end;
}

/**
 * Ends the drain thread, waits until the output is written, then ends the process. Kills the process if the thread does
 * not end in time: the kernel then detaches the program.
 */
export async function leave(code: number): Promise<never> {
  const ended = Promise.resolve(endThread?.()).then(
    () => true,
    () => true,
  );
  if (!(await Promise.race([ended, after(THREAD_MS)]))) process.kill(process.pid, 'SIGKILL');
  const error = await printed();
  if (error) say(`packetlog: write to standard output: ${error.message}.`, 'error');
  await said();
  process.exit(error && code === EXIT.ok ? EXIT.failed : code);
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
