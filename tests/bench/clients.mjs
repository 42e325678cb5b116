/**
 * Clients of a loader's socket, in one process.
 *
 *   clients.mjs URL TOKEN COUNT ROWS_PER_SECOND
 *
 * Prints {"clients": n} when all are subscribed. Then it accepts lines on standard input: `go N` starts measuring all
 * but the first N clients, `stop` prints the result, `stall N` makes the first N clients stop reading from their
 * connections, `flow` makes them read again, `quiet MS` prints {} when the reading clients have received nothing for MS.
 * Latency is the age of records on arrival, by the clock that wrote them.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { PacketLogBatch } from '@packetlog/common';
import { io } from 'socket.io-client';

const [url = '', token = '', count = '1', rows = '20000'] = process.argv.slice(2);
/** Maximum number of ages kept per batch: those of evenly spread records, including the last. */
const AGES_PER_BATCH = 8;

/** @type {number[]} */
let ages = [];
let records = 0;
let batches = 0;
/** @type {number[]} records that each client has lost since it subscribed */
const dropped = Array(Number(count)).fill(0);
let measuring = false;
/** Number of the first clients that are not measured, and of those that do not read. */
let unmeasured = 0;
let stalled = 0;
let lastCame = performance.now();

/**
 * @param {Uint8Array} bytes
 * @param {number} client
 */
function receive(bytes, client) {
  const now = process.hrtime.bigint();
  const batch = PacketLogBatch.from(bytes);
  dropped[client] = batch.dropped;
  if (client >= stalled) lastCame = performance.now();
  if (!measuring || client < unmeasured) return;
  const wall = now + batch.clockOffsetNs;
  const step = Math.max(1, Math.ceil(batch.length / AGES_PER_BATCH));
  for (let i = batch.length - 1; i >= 0; i -= step) ages.push(Number(wall - batch.timestampNs(i)));
  records += batch.length;
  batches++;
}

/** @param {unknown} value */
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** @param {number} client */
function connect(client) {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true, reconnection: false });
  socket.on('packets', (/** @type {Uint8Array} */ bytes) => receive(bytes, client));
  socket.on('disconnect', (/** @type {string} */ reason) => {
    process.stderr.write(`client ${client} was disconnected: ${reason}\n`);
  });
  return new Promise((resolve, reject) => {
    socket.on('connect_error', reject);
    socket.on('connect', () => socket.emit('subscribe', { max_rows_per_second: Number(rows) }, () => resolve(socket)));
  });
}

/** Returns the TCP connection below socket.io: the only way to stop reading. */
function connectionOf(/** @type {any} */ socket) {
  return socket.io.engine.transport.ws;
}

const sockets = await Promise.all(Array.from({ length: Number(count) }, (_, client) => connect(client)));
answer({ clients: sockets.length });

const quantile = (/** @type {number[]} */ sorted, /** @type {number} */ q) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  if (command === 'go') {
    ages = [];
    records = 0;
    batches = 0;
    measuring = true;
    unmeasured = Number(argument ?? 0);
    answer({});
  } else if (command === 'quiet') {
    for (let since = 0; since < Number(argument); ) {
      await delay(20);
      since = performance.now() - lastCame;
    }
    answer({});
  } else if (command === 'stall') {
    stalled = Number(argument);
    for (const socket of sockets.slice(0, stalled)) connectionOf(socket).pause();
    answer({});
  } else if (command === 'flow') {
    for (const socket of sockets.slice(0, stalled)) connectionOf(socket).resume();
    stalled = 0;
    answer({});
  } else {
    measuring = false;
    ages.sort((a, b) => a - b);
    const [p50, p99] = [quantile(ages, 0.5), quantile(ages, 0.99)];
    answer({ records, batches, p50_us: p50 / 1000, p99_us: p99 / 1000, dropped });
  }
}
process.exit(0);
