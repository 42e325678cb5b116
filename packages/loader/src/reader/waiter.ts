/** Puts the drain thread to sleep until a record, a message, an interface change or a clock change wakes it. */
import { clearEvent } from '../native/clear-event.ts';
import { clockEvents, linkEvents } from '../native/kernel-events.ts';
import { createEpoll, epollWait } from '../native/libc.ts';

export interface Woken {
  /** An interface of the namespace was added, removed or changed. */
  links: boolean;
  /** The wall clock was set. */
  clock: boolean;
}

export class Waiter {
  /** Whether interface and clock changes wake the thread; if not, it has to poll for them. */
  readonly wakesOnChanges: boolean;
  readonly #epoll: number;
  readonly #links = linkEvents();
  readonly #clock = clockEvents();

  /**
   * `wake`: eventfd for messages, cleared by the code that reads them; `records`: descriptors that the transport
   * signals.
   */
  constructor(wake: number, records: readonly number[]) {
    const events = [this.#links, this.#clock].filter((fd) => fd !== undefined);
    this.wakesOnChanges = events.length === 2;
    this.#epoll = createEpoll([wake, ...events, ...records]);
  }

  /** Sleeps for at most `ms` milliseconds; -1: until an event. */
  sleep(ms: number): Woken {
    const ready = epollWait(this.#epoll, ms);
    return { links: isOneOf(ready, this.#links), clock: isOneOf(ready, this.#clock) };
  }

  /** Whether an interface of the namespace was added, removed or changed since the last call or sleep. */
  haveLinksChanged(): boolean {
    return this.#links !== undefined && clearAll(this.#links);
  }
}

function isOneOf(ready: readonly number[], fd: number | undefined): boolean {
  if (fd === undefined || !ready.includes(fd)) return false;
  clearAll(fd);
  return true;
}

/** Returns whether there was an event. */
function clearAll(fd: number): boolean {
  const any = clearEvent(fd);
  if (any) while (clearEvent(fd));
  return any;
}
