/** Runs the thread that parses long lists and compiles many rules. */
import { parentPort } from 'node:worker_threads';
import { nameThread } from '../../../system/thread-name.ts';
import { type Job, resultOf } from './jobs.ts';

nameThread('packetlog-rules');

parentPort?.on('message', ({ number, job }: { number: number; job: Job }) => {
  parentPort?.postMessage({ number, result: resultOf(job) });
});
