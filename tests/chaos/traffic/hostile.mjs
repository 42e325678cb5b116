// @ts-check
/**
 * Sends messages that no client of the product sends, and ends. Its argument is JSON: the loader's origin, a read-only
 * token, and a seed.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';

const { origin, token, seed } = JSON.parse(process.argv[2] ?? '');
const { hostname, port } = new URL(origin);
const MESSAGES = 40;
const WAIT_MS = 200;

let state = seed >>> 0;
/** @param {number} below */
function random(below) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

const TEXTS = [
  'GET / HTTP/1.1\r\nHost: localhost\r\nRange: bytes=5-1\r\n\r\n',
  'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n',
  'POST /healthz HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n',
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
  'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n',
  '\0\0\0\0',
  `${'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200)}`,
];

function raw() {
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const text = /** @type {string} */ (TEXTS[random(TEXTS.length)]);
  socket.write(random(2) === 0 ? text : text.slice(0, random(text.length)));
  if (random(2) === 0) socket.resume();
  return () => socket.destroy();
}

const VALUES = [
  null,
  undefined,
  '',
  'x'.repeat(70_000),
  -1,
  2 ** 53,
  [],
  [[[[]]]],
  { __proto__: { a: 1 } },
  Buffer.alloc(9),
  {},
];
const EVENTS = [
  'subscribe',
  'history',
  'history:top',
  'live:rates',
  'live:top',
  'live:end',
  'past:rates',
  'past:rows',
  'past:bookmark',
  'past:dry_run',
  'rules:add',
  'rules:test',
  'rules:import',
  'constructor',
  'names',
  '',
];

async function client() {
  const socket = io(origin, {
    transports: ['websocket'],
    auth: random(2) === 0 ? { token, protocol: PROTOCOL_VERSION } : { token: VALUES[random(VALUES.length)] },
    reconnection: false,
    forceNew: true,
  });
  const settled = new Promise((resolve) => socket.once('hello', resolve).once('connect_error', resolve));
  await Promise.race([settled, delay(WAIT_MS)]);
  for (let i = 0; i < 20; i++) {
    const event = /** @type {string} */ (EVENTS[random(EVENTS.length)]);
    const value = VALUES[random(VALUES.length)];
    if (random(2) === 0) socket.emit(event, value);
    else socket.emit(event, value, () => {});
  }
  return () => socket.disconnect();
}

const ends = [];
for (let i = 0; i < MESSAGES; i++) ends.push(random(4) === 0 ? await client() : raw());
await delay(WAIT_MS);
for (const end of ends) end();
process.exit(0);
