/** Runs the thread that answers questions about recorded packets. It calls no C function. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nameThread } from '../system/thread-name.ts';
import type { FromPastThread, PastThreadData, ToPastThread } from './past-messages.ts';
import { answerTo, isLarge } from './past-question.ts';
import { KnownFacts } from './reading/known-facts.ts';
import { Turns } from './turns.ts';

/** Capture, rules and the live view go first. */
const NICE = 10;

const { directory } = workerData as PastThreadData;
const where = { directory, known: new KnownFacts() };
const turns = new Turns(
  () => performance.now(),
  (action) => setImmediate(action),
);

nameThread('packetlog-past');
try {
  // On Linux, 0 is the calling thread, not its process: setpriority(2), "C library/kernel differences".
  setPriority(0, NICE);
} catch {
  // With its usual priority, it answers as well.
}

parentPort?.on('message', (message: ToPastThread) => {
  const { id } = message;
  if (message.type === 'cancel') {
    turns.cancel(id);
    return;
  }
  const answering = answerTo(message, where);
  turns.add({
    id,
    isLarge: isLarge(message.verb),
    step: () => {
      const { done, value } = answering.next();
      if (done !== true) return false;
      parentPort?.postMessage({ id, ...value } satisfies FromPastThread);
      return true;
    },
  });
});
