/** Returns the memory of garbage to the kernel. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long after the start its garbage is collected: V8 would keep it, because an idle heap does not grow. */
export const START_GARBAGE_MS = 2000;

/**
 * Collects all garbage of this thread, takes 10 to 40 ms. `last-resort` also compacts the heap and returns its free
 * pages; an ordinary collection keeps them. On the command line, `--expose-gc` would cost 30 ms and 1 MiB at each start.
 * The flag is that of the whole process and stays set: another thread may be about to read it.
 */
export function collectGarbage(): void {
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Collects the young garbage of this thread, in a few milliseconds: above all, large arrays that were used once. */
export function collectYoungGarbage(): void {
  collector()({ type: 'minor', execution: 'sync' });
}

let known: NodeJS.GCFunction | undefined;

function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  known ??= runInNewContext('gc') as NodeJS.GCFunction;
  return known;
}
