/** Describes the end of a server process. `why` completes "The server process …"; undefined: it was stopped. */
import type { Notice } from '@packetlog/common';
import { SetupError } from '../errors/setup-error.ts';

const STOPPED = 'was stopped by the service manager';

/** Returns the notice about a server that has served. `isChild`: the core starts the next one. */
export function endNotice(why: string | undefined, isChild: boolean): Notice {
  const restart = isChild ? 'It is restarted' : 'The service manager restarts it';
  const effect =
    why === undefined
      ? 'Capture and rules are not affected.'
      : `${restart}; capture and rules are not affected. Clients reconnect, and the history begins again.`;
  const message = `The server process ${why ?? STOPPED}. ${effect}`;
  return { at_ms: Date.now(), level: why === undefined ? 'warning' : 'error', code: 'server_restarted', message };
}

/** Returns the error for a server that ended before it served. */
export function notStarted(why: string | undefined): SetupError {
  return new SetupError({
    step: 'start',
    target: 'server process',
    problem: `it ${why ?? STOPPED}`,
    next: 'See the lines above, or use --listen off.',
    exit: 'failed',
  });
}
