/** The descriptors that this process was given: as a child of the core, or by the service manager's unit. */
import { writeSync } from 'node:fs';
import { PIPES, SERVER_DESCRIPTORS } from '../../ipc/server-descriptors.ts';

export interface GivenDescriptors {
  readonly channel: number;
  /** Pipe of the messages to the core; undefined: `channel` is a socket. */
  readonly answers: number | undefined;
  readonly marks: number;
  readonly slabs: number;
  readonly released: number;
  /** Socket of the service manager; undefined: it did not start this process. */
  readonly notify: number | undefined;
  readonly isService: boolean;
}

/** `given`: channel, marks, slabs, released, and the service manager's socket; empty or PIPES for a child. */
export function givenDescriptors(given: readonly string[]): GivenDescriptors {
  const ofChild = { ...SERVER_DESCRIPTORS, notify: undefined, isService: false };
  if (given[0] === PIPES) return ofChild;
  if (given.length === 0) return { ...ofChild, answers: undefined };
  const [channel = -1, marks = -1, slabs = -1, released = -1, notify] = given.map(Number);
  return { channel, answers: undefined, marks, slabs, released, notify, isService: true };
}

/**
 * Notifies the service manager (sd_notify(3)): that this process serves, and from the event loop, that it is alive.
 * `watchdogUs`: WATCHDOG_USEC. A write to a connected datagram socket sends one datagram.
 */
export function notifyReady(notify: number | undefined, watchdogUs: number): void {
  if (notify === undefined) return;
  const send = (text: string) => {
    try {
      writeSync(notify, text);
    } catch {
      // The manager may be restarting; it notices a missing notification itself.
    }
  };
  send('READY=1\nSTATUS=Serving');
  if (watchdogUs > 0) setInterval(() => send('WATCHDOG=1'), watchdogUs / 1000 / 3).unref();
}
