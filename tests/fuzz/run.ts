/**
 * Fuzzes one target: `node --expose-gc --import tests/fuzz/instrument.mjs tests/fuzz/run.ts JSON`. The argument has the
 * target's name, the number of inputs, the seed, and whether to update the corpus. Prints the result as a line of JSON.
 */
import { Worker } from 'node:worker_threads';
import { readCorpus, writeCorpus } from './corpus.ts';
import { Fuzzer } from './fuzzer.ts';
import { loadTargets } from './targets.ts';

interface Task {
  readonly target: string;
  /** null: no limit. */
  readonly inputs: number | null;
  readonly seconds: number | null;
  readonly seed: number;
  readonly update: boolean;
}

const { target: name, inputs, seconds, seed, update } = JSON.parse(process.argv[2] ?? '') as Task;
const target = (await loadTargets()).find((each) => each.name === name);
if (target === undefined) throw new Error(`no target ${name}`);

const state = new Int32Array(new SharedArrayBuffer(8));
const running = new Uint8Array(new SharedArrayBuffer(target.maxBytes * 2));
const workerData = { ran: state.buffer, bytes: running.buffer };
const watch = new Worker(new URL('hang-watch.mjs', import.meta.url), { workerData, execArgv: [] });

const corpus = readCorpus(name);
const fuzzer = new Fuzzer(target, {
  inputs: inputs ?? Number.POSITIVE_INFINITY,
  seconds: seconds ?? Number.POSITIVE_INFINITY,
  seed,
  corpus,
  began: (input) => {
    running.set(input.subarray(0, running.length));
    state[1] = Math.min(input.length, running.length);
    Atomics.add(state, 0, 1);
  },
  progress: (ran, blocks, kept) =>
    process.stderr.write(`fuzz: ${name}: ${ran} inputs, ${blocks} blocks, corpus ${kept}\n`),
});
const result = fuzzer.run();
if (update) writeCorpus(name, fuzzer.minimised());
await watch.terminate();
process.stdout.write(`${JSON.stringify(result)}\n`);
