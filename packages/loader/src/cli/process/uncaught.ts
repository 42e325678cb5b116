/** Ends the process after an uncaught error, which is a bug: a process that does nothing must not stay. */
import { EXIT } from '../../errors/exit-codes.ts';
import { leave } from './leave.ts';
import type { Stop } from './stop.ts';

/** Time for the ordinary end; after it, the process ends without waiting. */
const ORDINARY_MS = 10_000;

/**
 * Reports an uncaught error in one line and requests the end, because state may be inconsistent. The returned function
 * returns true from then on. `trace` receives the error with its stack.
 */
export function stopWhenUncaught(stop: Stop, trace: (error: unknown) => void): () => boolean {
  let isReported = false;
  process.on('uncaughtException', (error: unknown) => {
    if (isReported) return;
    isReported = true;
    process.stderr.write(
      `packetlog: unexpected: ${summary(error)}. The loader ends; rules that are pinned stay in force. Start it again, and please report this with the output of --log-level debug.\n`,
    );
    trace(error);
    stop.now('uncaught error');
    setTimeout(() => void leave(EXIT.failed), ORDINARY_MS).unref();
  });
  return () => isReported;
}

/** "Error: x (server.js:12)". */
function summary(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /([\w.-]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  const [line = ''] = `${error.name}: ${error.message}`.split('\n');
  return place === undefined ? line : `${line} (${place})`;
}
