// @ts-check
/**
 * Loaded into the loader before its modules (--require, with --expose-gc): collects garbage every ten seconds and writes
 * the remaining heap of each thread as a line of JSON to the file that SOAK_HEAPS names.
 */
const { appendFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const EVERY_MS = 10_000;
const file = process.env['SOAK_HEAPS'] ?? '/dev/null';

/** @param {'main' | 'drain'} thread */
function collect(thread) {
  globalThis.gc?.();
  const { heapUsed } = process.memoryUsage();
  appendFileSync(file, `${JSON.stringify({ thread, atMs: Date.now(), liveKib: heapUsed / 1024 })}\n`);
}

if (isMainThread) {
  setInterval(collect, EVERY_MS, 'main').unref();
} else {
  // The drain thread runs no event loop, but while packets arrive it naps each millisecond.
  const { wait } = Atomics;
  let next = Date.now() + EVERY_MS;
  Atomics.wait = (...given) => {
    if (Date.now() >= next) {
      next = Date.now() + EVERY_MS;
      collect('drain');
    }
    return wait(...given);
  };
}
