// @ts-check
/**
 * A client with a read-only token that sends as many requests as it can and reads no answer. Its argument is JSON: the
 * loader's origin and the token. It prints `quiet` when it is connected and has sent each request once, waits for
 * SIGUSR2, attacks, prints `sent`, and stays connected.
 */
import { PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';

const { origin, token } = JSON.parse(process.argv[2] ?? '');
const PINGS = 120_000;
const REQUESTS = 100;
const FILTERS = 60;
/** Nearly the largest message: a line takes three bytes as JSON. No line is an address. */
const BAD_LINES = 'x\n'.repeat(21_000);
const DRY_RUN = { rules: [{ action: 'deny', source: 'set:bad' }], sets: { bad: BAD_LINES }, seconds: 3600 };

async function connect() {
  const options = { transports: ['websocket'], auth: { token, protocol: PROTOCOL_VERSION }, reconnection: false };
  const socket = io(origin, { ...options, forceNew: true });
  await new Promise((resolve, reject) => socket.once('hello', resolve).once('connect_error', reject));
  return socket;
}

/** @param {any} socket */
const wire = (socket) => socket.io.engine.transport.ws;

const asker = await connect();
const pinger = await connect();
for (const event of ['rules:list', 'rules:audit', 'history'])
  await asker.emitWithAck(event, event === 'history' ? { step_ms: 1000 } : {});
const signalled = new Promise((resolve) => process.once('SIGUSR2', resolve));
process.stdout.write('quiet\n');
await signalled;

wire(asker).pause();
wire(pinger).pause();
for (let i = 0; i < REQUESTS; i++) {
  asker.emit('rules:audit', { limit: 10_000 }, () => {});
  asker.emit('rules:test', DRY_RUN, () => {});
  asker.emit('rules:list', {}, () => {});
  asker.emit('history:top', { from_ms: Date.now() - 43_200_000 - i * 60_000, to_ms: Date.now() }, () => {});
}
for (let i = 0; i < FILTERS; i++) (await connect()).emit('subscribe', { filter: `port ${i}` });
for (let i = 0; i < PINGS; i++) {
  wire(pinger).ping('x'.repeat(125));
  // Lets the loader read in between.
  if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
const { _socket: own } = wire(pinger);
while (own.writableLength > 0 && !own.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
process.stdout.write('sent\n');
