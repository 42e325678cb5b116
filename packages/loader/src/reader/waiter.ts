/** Where the drain thread sleeps, and what wakes it: records, messages, interfaces that change, a clock that is set. */
import { clearEvent } from '../native/clear-event.ts';
import { clockEvents, linkEvents } from '../native/kernel-events.ts';
import { epollOf, epollWait } from '../native/libc.ts';

export interface Woken {
  /** Some interface of the namespace came, went or changed. */
  links: boolean;
  /** Somebody set the wall clock. */
  clock: boolean;
}

export class Waiter {
  /** Whether interfaces and the clock wake the sleeper; else it has to look now and then. */
  readonly tellsAll: boolean;
  readonly #epoll: number;
  readonly #links = linkEvents();
  readonly #clock = clockEvents();

  /** `wake`: the messages' eventfd, which whoever reads them clears; `records`: what the transport signals by. */
  constructor(wake: number, records: readonly number[]) {
    const events = [this.#links, this.#clock].filter((fd) => fd !== undefined);
    this.tellsAll = events.length === 2;
    this.#epoll = epollOf([wake, ...events, ...records]);
  }

  /** So long at most; -1: until something happens. */
  sleep(ms: number): Woken {
    const ready = epollWait(this.#epoll, ms);
    return { links: isOneOf(ready, this.#links), clock: isOneOf(ready, this.#clock) };
  }
}

function isOneOf(ready: readonly number[], fd: number | undefined): boolean {
  if (fd === undefined || !ready.includes(fd)) return false;
  while (clearEvent(fd));
  return true;
}
