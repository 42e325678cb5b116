// @ts-check
/**
 * Loaded into the loader before its modules (--require, with --expose-gc): collects garbage every ten seconds and writes
 * the remaining heap of each thread, and what V8 keeps free in it, as a line of JSON to the file that SOAK_HEAPS names.
 */
const { appendFileSync, readFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const EVERY_MS = 10_000;
const file = process.env['SOAK_HEAPS'] ?? '/dev/null';

/** @param {'main' | 'drain' | 'recorder'} thread */
function collect(thread) {
  globalThis.gc?.();
  const { heapUsed, heapTotal } = process.memoryUsage();
  const [liveKib, freeKib] = [heapUsed / 1024, (heapTotal - heapUsed) / 1024];
  appendFileSync(file, `${JSON.stringify({ thread, atMs: Date.now(), liveKib, freeKib })}\n`);
}

if (isMainThread) {
  setInterval(collect, EVERY_MS, 'main').unref();
} else {
  setInterval(() => {
    if (readFileSync('/proc/thread-self/comm', 'utf8') === 'packetlog-rec\n') collect('recorder');
  }, EVERY_MS).unref();
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
