/** Ends the process after an uncaught error, which is a bug: a process that no longer works must not stay. */
import { EXIT } from '../../errors/exit-codes.ts';
import { leave } from './leave.ts';
import { say } from './say.ts';
import type { Stop } from './stop.ts';

/** Time for a clean shutdown; after it, the process is ended. */
const SHUTDOWN_MS = 10_000;

/**
 * Reports an uncaught error in one line and ends the run, because its state may be inconsistent. The returned function
 * tells whether that has happened. `trace` receives the error, for its stack. `consequence`: a sentence.
 */
export function stopWhenUncaught(
  stop: Stop,
  trace: (error: unknown) => void,
  consequence = 'The loader exits; pinned rules stay in force.',
): () => boolean {
  let isReported = false;
  process.on('uncaughtException', (error: unknown) => {
    if (isReported) return;
    isReported = true;
    say(
      `packetlog: unexpected: ${summary(error)}. ${consequence} Start it again, and please report this with the output of --log-level debug.`,
      'critical',
    );
    trace(error);
    stop.now('uncaught error');
    setTimeout(() => void leave(EXIT.failed), SHUTDOWN_MS).unref();
  });
  return () => isReported;
}

/** Returns "Error: x (server.js:12)". */
function summary(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /([\w.-]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  const [line = ''] = `${error.name}: ${error.message}`.split('\n');
  return place === undefined ? line : `${line} (${place})`;
}
