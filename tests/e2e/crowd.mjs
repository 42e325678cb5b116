// @ts-check
/** Many socket clients in one process; each keeps the counts that it needs to verify its stream. */
import { PacketLogBatch, PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';

/**
 * @typedef {import('@packetlog/common').ClientLedger} ClientLedger
 * @typedef {{ received: number, batches: number, gaps: number, wrong: number, offered: number, dropped: number,
 *   withheld: number, filtered: number, weights: number, variance: number, ledger: ClientLedger | null,
 *   queueDropped: number, connected: boolean }} Account
 * @typedef {{ socket: import('socket.io-client').Socket, next: number, account: Account,
 *   whole: import('@packetlog/common').Ledger | null }} Client
 */

/** @type {Client[]} */
const clients = [];

/** @param {{ origin: string, token: string }} loader */
function open({ origin, token }) {
  return io(origin, {
    transports: ['websocket'],
    auth: { token, protocol: PROTOCOL_VERSION },
    reconnection: false,
    forceNew: true,
  });
}

/** @param {{ origin: string, token: string, subscription: object, weigh?: boolean }} options */
async function connect({ subscription, weigh = false, ...loader }) {
  const socket = open(loader);
  /** @type {Account} */
  const account = {
    ...{ received: 0, batches: 0, gaps: 0, wrong: 0, offered: 0, dropped: 0, withheld: 0, filtered: 0 },
    ...{ weights: 0, variance: 0, ledger: null, queueDropped: 0, connected: true },
  };
  /** @type {Client} */
  const client = { socket, next: 0, account, whole: null };
  socket.on('packets', (/** @type {Uint8Array} */ bytes) => {
    const batch = PacketLogBatch.from(bytes);
    account.batches++;
    account.received += batch.length;
    if (weigh) addWeights(account, batch);
    if (batch.sequence !== client.next) account.gaps++;
    client.next = batch.sequence + 1;
    const { offered, dropped, withheld, filtered } = batch;
    if (offered !== account.received + dropped + withheld) account.wrong++;
    Object.assign(account, { offered, dropped, withheld, filtered });
  });
  socket.on('ledger', (/** @type {import('@packetlog/common').Ledger} */ ledger) => {
    client.whole = ledger;
    account.ledger = ledger.client;
    account.queueDropped = ledger.queue.dropped;
  });
  socket.on('disconnect', () => {
    account.connected = false;
  });
  await new Promise((resolve, reject) => socket.once('hello', resolve).once('connect_error', reject));
  const answer = await socket.emitWithAck('subscribe', subscription);
  if (!answer.ok) throw new Error(answer.error.message);
  clients.push(client);
}

/**
 * @param {Account} account
 * @param {PacketLogBatch} batch
 */
function addWeights(account, batch) {
  for (let i = 0; i < batch.length; i++) {
    const weight = batch.weight(i);
    account.weights += weight;
    account.variance += weight * (weight - 1);
  }
}

/**
 * The WebSocket under a client.
 * @param {Client} client
 * @returns {{ pause(): void, resume(): void }}
 */
const wire = ({ socket }) => /** @type {any} */ (socket.io.engine).transport.ws;

const does = {
  /** @param {{ origin: string, token: string, subscription: object, weigh?: boolean, count: number }} options */
  async connect({ count, ...options }) {
    const AT_ONCE = 25;
    for (let i = 0; i < count; i += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, () => connect(options)));
    }
  },
  /** Returns why one more client is rejected. @param {{ origin: string, token: string }} loader */
  async rejection(loader) {
    const socket = open(loader);
    const why = await new Promise((resolve) => {
      socket.once('hello', () => resolve('connected'));
      socket.once('connect_error', (/** @type {Error & { data?: { code: string } }} */ { data, message }) =>
        resolve(data?.code ?? message),
      );
    });
    socket.disconnect();
    return why;
  },
  /** The last `count` clients stop reading. @param {number} count */
  stall(count) {
    for (const client of clients.slice(-count)) wire(client).pause();
  },
  /** They resume reading. @param {number} count */
  read(count) {
    for (const client of clients.slice(-count)) wire(client).resume();
  },
  /** The last `count` clients disconnect. @param {number} count */
  leave(count) {
    for (const { socket } of clients.splice(-count)) socket.disconnect();
  },
  accounts: () => clients.map(({ account }) => account),
  /** Returns the last ledger that the first client received. */
  ledger: () => clients[0]?.whole ?? null,
};

process.on('message', async (/** @type {{ what: keyof typeof does, argument: any }} */ { what, argument }) => {
  try {
    process.send?.({ value: await does[what](argument) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({});
