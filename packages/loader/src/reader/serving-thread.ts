/** The drain thread's connection to the serving thread: its options, a port for messages, and the wake-up word. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Notice } from '@packetlog/common';
import type { DrainThreadData, FromDrain, ToDrain } from '../ipc/messages.ts';

const { options, port } = workerData as DrainThreadData;

export { options };

/** 1 when a message is waiting: `DrainOptions.signal`. The thread naps on it. */
export const signal = new Int32Array(options.signal);

export function post(message: FromDrain): void {
  parentPort?.postMessage(message);
}

export function postNotices(notices: readonly Notice[]): void {
  for (const notice of notices) post({ type: 'notice', notice });
}

/** Returns the next message, undefined if there is none. */
export function receive(): ToDrain | undefined {
  return receiveMessageOnPort(port)?.message as ToDrain | undefined;
}

/** Lets the thread end. */
export function closePort(): void {
  port.close();
}
