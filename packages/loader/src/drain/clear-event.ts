import { readSync } from 'node:fs';

const count = new Uint8Array(8);

/** Resets an eventfd, so that epoll_wait blocks on it again. */
export function clearEvent(fd: number): void {
  try {
    readSync(fd, count);
  } catch (error) {
    // EAGAIN: it was not signalled.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
