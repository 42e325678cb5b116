import { readSync } from 'node:fs';

const bytes = new Uint8Array(16 * 1024);
/** Read already; a timer that was cancelled because the clock was set; more messages than the socket could keep. */
const NOTHING_TO_READ: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'ECANCELED', 'ENOBUFS']);

/** Reads one event, or one message, of a non-blocking descriptor. False: there was none. */
export function clearEvent(fd: number): boolean {
  try {
    return readSync(fd, bytes) > 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!NOTHING_TO_READ.has(code)) throw error;
    // Behind a lost message there may be more.
    return code === 'ENOBUFS';
  }
}
