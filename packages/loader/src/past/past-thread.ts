/** Runs the thread that answers questions about recorded packets. It calls no C function. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { collectYoungGarbage } from '../collect-garbage.ts';
import { nameThread } from '../system/thread-name.ts';
import type { FromPastThread, PastThreadData, ToPastThread, TrialContext } from './past-messages.ts';
import { PastPlaces } from './past-places.ts';
import { type Asked, answerTo, failure, isLarge, type Outcome } from './past-question.ts';
import { KnownFacts } from './reading/known-facts.ts';
import { Turns } from './turns.ts';

/** Segments between two collections: V8 would leave up to 64 MiB of their columns, which are not in its heap. */
const GARBAGE_STEPS = 4;
/** Capture, rules and the live view go first. */
const NICE = 10;

const { directory } = workerData as PastThreadData;
const where = { directory, known: new KnownFacts(), places: new PastPlaces() };
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

/** Ends a dry run, by the number of its question. */
const trials = new Map<number, AbortController>();

function post(id: number, outcome: Outcome): void {
  parentPort?.postMessage({ id, ...outcome } satisfies FromPastThread);
}

async function runTrial(id: number, request: unknown, context: TrialContext): Promise<void> {
  const stop = new AbortController();
  trials.set(id, stop);
  /** A dry run takes turns with the questions. */
  const pause = () =>
    new Promise<void>((resolve) => {
      const step = () => {
        resolve();
        return true;
      };
      turns.add({ id, isLarge: false, step });
    });
  try {
    const { pastTrial } = await import('./past-trial.ts');
    const outcome = await pastTrial({ request, context, directory, stop: stop.signal, pause });
    if (!stop.signal.aborted) post(id, outcome);
  } catch (error) {
    post(id, failure(error));
  } finally {
    trials.delete(id);
  }
}

function answer(id: number, asked: Asked): void {
  const answering = answerTo(asked, where);
  let steps = 0;
  turns.add({
    id,
    isLarge: isLarge(asked.verb),
    step: () => {
      const { done, value } = answering.next();
      steps++;
      if (steps % GARBAGE_STEPS === 0) collectYoungGarbage();
      if (done === true) post(id, value);
      return done === true;
    },
  });
}

parentPort?.on('message', (message: ToPastThread) => {
  if (message.type === 'places') return where.places.replace(message.files);
  if (message.type === 'no-places') return where.places.failed(message.problem);
  const { id } = message;
  if (message.type === 'cancel') {
    // A dry run ends at its next pause, so that must not be left out.
    const trial = trials.get(id);
    if (trial === undefined) turns.cancel(id);
    else trial.abort();
    return;
  }
  const { verb, request, recorder, tables, trial } = message;
  if (verb !== 'dry_run') answer(id, { verb, request, recorder, tables });
  else if (trial !== undefined) void runTrial(id, request, trial);
});
