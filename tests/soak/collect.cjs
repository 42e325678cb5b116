// @ts-check
/** Loaded into the loader before its own modules (--require, with --expose-gc): what is garbage goes every ten seconds. */
const { isMainThread } = require('node:worker_threads');

const EVERY_MS = 10_000;

if (isMainThread) setInterval(() => globalThis.gc?.(), EVERY_MS).unref();
