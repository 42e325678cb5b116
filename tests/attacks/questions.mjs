// @ts-check
/**
 * Clients with the read-only token that ask the most expensive questions, each as fast as answers come, whatever the
 * loader says about retrying:
 *
 *   questions.mjs ORIGIN TOKEN COUNT
 *
 * Prints {"clients": n} when all are connected. Then it accepts lines on standard input: `go` begins, `so far`
 * prints for each question how many were answered and how many rejected, and the seconds; `stop` ends, and prints the
 * same. `subscribe` makes every client subscribe with a costly filter, a different one if the loader accepts that, and
 * prints {"filters": n} once all receive rows.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';

const [origin = '', token = '', count = '1'] = process.argv.slice(2);
/** Questions of one client that wait for their answers. */
const AT_ONCE = 4;
/** Nearly the largest message: a line takes three bytes as JSON. No line is an address. */
const BAD_LINES = 'x\n'.repeat(21_000);
const HALF_A_DAY_MS = 43_200_000;
/** Every part has to be tested for a UDP datagram, and no two parts can be tested together. */
const part = (/** @type {number} */ i) => `(length ${i} or udp)`;
const costlyFilter = (/** @type {number} */ seed) =>
  Array.from({ length: 128 }, (_, i) => part(2000 + ((seed * 31 + i * 7) % 7000))).join(' and ');

let asked = 0;
/** @type {Readonly<Record<string, () => unknown>>} */
const QUESTIONS = {
  subscribe: () => ({ filter: costlyFilter(++asked), max_rows_per_second: 1_000_000 }),
  history: () => ({ step_ms: 1000 }),
  'history:top': () => ({ from_ms: Date.now() - HALF_A_DAY_MS - ++asked * 60_000, to_ms: Date.now() }),
  'names:listeners': () => ({}),
  'names:reverse': () => ({
    addresses: Array.from({ length: 20 }, () => `198.18.${++asked & 255}.${(asked >> 8) & 255}`),
  }),
  'names:places': () => ({ addresses: Array.from({ length: 50 }, (_, i) => `203.0.113.${i}`) }),
  'limits:top': () => ({ count: 100 }),
  'rules:list': () => ({}),
  'rules:audit': () => ({ limit: 10_000 }),
  'rules:propose_permits': () => ({}),
  'rules:test': () => ({ rules: [{ action: 'deny', source: 'set:bad' }], sets: { bad: BAD_LINES }, seconds: 3600 }),
};
const NAMES = Object.keys(QUESTIONS);

/** @type {Record<string, { answered: number, rejected: number }>} */
let counts = {};
let isAsking = false;
/** Filters in use after `subscribe`, of the first clients. */
const filters = new Set();

/** @param {import('socket.io-client').Socket} socket @param {number} first */
async function ask(socket, first) {
  // The first question is the one whose answer costs most later: rows are filtered from then on.
  for (let i = first; isAsking && socket.connected; i++) {
    const name = (i === first ? 'subscribe' : NAMES[i % NAMES.length]) ?? '';
    /** @type {{ ok: boolean } | undefined} A dry run of an hour has no answer. */
    const answer = await socket
      .timeout(name === 'rules:test' ? 200 : 60_000)
      .emitWithAck(name, QUESTIONS[name]?.())
      .catch(() => undefined);
    const of = counts[name] ?? { answered: 0, rejected: 0 };
    counts[name] = of;
    if (answer?.ok === false) of.rejected++;
    else of.answered++;
  }
}

/** @param {import('socket.io-client').Socket} socket @param {number} number the client's */
async function subscribe(socket, number) {
  for (let seed = number; ; ) {
    const filter = costlyFilter(seed);
    const { ok, error } = await socket.emitWithAck('subscribe', { filter, max_rows_per_second: 1_000_000 });
    if (ok) {
      filters.add(filter);
      return;
    }
    // All streams are in use: share one.
    if (error.code === 'unavailable') seed = number % filters.size;
    else await delay(error.retry_after_ms);
  }
}

function connect() {
  const options = { transports: ['websocket'], auth: { token, protocol: PROTOCOL_VERSION }, reconnection: false };
  const socket = io(origin, { ...options, forceNew: true });
  return new Promise((resolve, reject) => {
    socket.once('hello', () => resolve(socket)).once('connect_error', reject);
  });
}

/** @type {import('socket.io-client').Socket[]} */
const sockets = [];
for (let i = 0; i < Number(count); i++) sockets.push(await connect());
const answer = (/** @type {unknown} */ value) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({ clients: sockets.length });
let since = performance.now();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'go') {
    counts = {};
    isAsking = true;
    since = performance.now();
    sockets.forEach((socket, i) => {
      for (let k = 0; k < AT_ONCE; k++) void ask(socket, i + k);
    });
    answer({});
  } else if (line === 'subscribe') {
    for (const [i, socket] of sockets.entries()) await subscribe(socket, i);
    answer({ filters: filters.size });
  } else {
    isAsking = line !== 'stop';
    answer({
      seconds: (performance.now() - since) / 1000,
      connected: sockets.filter((each) => each.connected).length,
      counts,
    });
  }
}
process.exit(0);
