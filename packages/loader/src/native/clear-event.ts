import { readSync } from 'node:fs';

const bytes = new Uint8Array(16 * 1024);
/** Already read; a timer that was cancelled because the clock was set; more messages than the socket could hold. */
const NOTHING_TO_READ: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'ECANCELED', 'ENOBUFS']);

/** Reads one event, or one message, from a non-blocking descriptor. Returns false if there was none. */
export function clearEvent(fd: number): boolean {
  try {
    return readSync(fd, bytes) > 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!NOTHING_TO_READ.has(code)) throw error;
    // More messages may follow a lost one.
    return code === 'ENOBUFS';
  }
}
