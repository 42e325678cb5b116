/** Errors of this thread that nothing caught: a fault of ours, which must not leave a process that does nothing. */
import { EXIT } from '../../errors/exit-codes.ts';
import { leave } from './leave.ts';
import type { Stop } from './stop.ts';

/** For the ordinary end; then without what hangs in it. */
const ORDINARY_MS = 10_000;

/**
 * Tells in one line of an error that nothing caught, and asks for the end: from then on state may be half made. True
 * from then on. The trace goes to `trace`.
 */
export function stopWhenUncaught(stop: Stop, trace: (error: unknown) => void): () => boolean {
  let isTold = false;
  process.on('uncaughtException', (error: unknown) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(
      `packetlog: unexpected: ${summary(error)}. The loader ends; rules that are pinned stay in force. Start it again, and please report this with the output of --log-level debug.\n`,
    );
    trace(error);
    stop.now('uncaught error');
    setTimeout(() => void leave(EXIT.failed), ORDINARY_MS).unref();
  });
  return () => isTold;
}

/** "Error: x (server.js:12)". */
function summary(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /([\w.-]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  const [line = ''] = `${error.name}: ${error.message}`.split('\n');
  return place === undefined ? line : `${line} (${place})`;
}
