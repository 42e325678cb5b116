/**
 * The thread that ships recorded packets. It has the lowest priority, so it runs when nothing else needs the processor:
 * reading and compressing must not delay the drain thread. It calls no C function.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { collectYoungGarbage } from '../../collect-garbage.ts';
import { nameThread } from '../../system/thread-name.ts';
import type { FromShipThread, ShipThreadData, ToShipThread } from './ship-messages.ts';
import { Shipping } from './shipping.ts';

const TICK_MS = 1000;
const LOWEST_PRIORITY = 19;

const { directory, recordDirectory } = workerData as ShipThreadData;
const post = (message: FromShipThread) => parentPort?.postMessage(message);
const warn = (message: string) => post({ type: 'warning', message });

nameThread('packetlog-ship');
lowerPriority();
const shipping = new Shipping({ directory, recordDirectory, now: () => performance.now(), warn });
let lastProblem: string | undefined;

/** Linux: of the calling thread only, see setpriority(2). */
function lowerPriority(): void {
  try {
    setPriority(LOWEST_PRIORITY);
  } catch {
    // It ships with the priority of the process.
  }
}

/** Runs an action on the disk. An error is told once; what failed is tried again. */
function attempt<Value>(action: () => Value): Value | undefined {
  try {
    const value = action();
    lastProblem = undefined;
    return value;
  } catch (error) {
    const { message } = error as Error;
    if (message !== lastProblem) warn(`Recorded packets cannot be shipped: ${message}. This is tried again.`);
    lastProblem = message;
    return undefined;
  }
}

function tell(): void {
  post({ type: 'ledger', ledger: shipping.ledger() });
}

const timer = setInterval(() => {
  attempt(() => shipping.tick());
  tell();
}, TICK_MS);
tell();

parentPort?.on('message', (message: ToShipThread) => {
  if (message.type === 'close') {
    clearInterval(timer);
    attempt(() => shipping.close());
    parentPort?.close();
    return;
  }
  const block = attempt(() => {
    if (message.type === 'next') return shipping.next(message.want, message.node, message.hub);
    shipping.shipped(message.answer, message.hub);
    return undefined;
  });
  tell();
  post({ type: 'answer', id: message.id, block });
  if (block !== undefined) collectYoungGarbage();
});
