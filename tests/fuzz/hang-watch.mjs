// @ts-check
/** A worker that ends the process when one input takes too long, and prints that input. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const HANG_MS = 20_000;
/** @type {{ ran: SharedArrayBuffer, bytes: SharedArrayBuffer }} */
const { ran, bytes } = workerData;
/** The number of inputs, and the length of the one that runs. */
const state = new Int32Array(ran);
let before = -1;

setInterval(() => {
  const now = Atomics.load(state, 0);
  if (now === before) {
    const input = Buffer.from(new Uint8Array(bytes, 0, Atomics.load(state, 1)).slice());
    writeSync(2, `fuzz: one input takes longer than ${HANG_MS / 1000} s: ${input.toString('base64')}\n`);
    process.exit(1);
  }
  before = now;
}, HANG_MS);
