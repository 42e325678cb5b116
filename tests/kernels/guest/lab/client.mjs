// @ts-check
/** A client of the loader, as a process: it answers requests over its IPC channel (child.mjs). */
import { get } from 'node:http';
import { connect } from '@packetlog/client';

/** Long, because an emulated machine is slow. */
const TIMEOUT_MS = 120_000;

/** @type {import('@packetlog/client').PacketLogClient | undefined} */
let client;
/** @type {import('@packetlog/client').PacketStream | undefined} */
let stream;
/** @type {import('@packetlog/common').PacketLog[]} */
const records = [];

function connected() {
  if (client === undefined) throw new Error('connect first');
  return client;
}

/** @type {Record<string, (argument: any) => unknown>} */
const methods = {
  /** Connects, and subscribes to every packet. @param {{ url: string, token: string, adminToken: string }} options */
  async connect({ url, ...tokens }) {
    client = await connect(url, { ...tokens, timeoutMs: TIMEOUT_MS });
    stream = client.packets({ maxRowsPerSecond: 1_000_000 });
    void read(stream);
    return client.hello.admin;
  },
  /** Returns the records that have arrived. @returns {import('@packetlog/common').PacketLog[]} */
  records: () => records,
  lost: () => ({ ...stream?.lost, withheld: stream?.withheld, interruptions: stream?.interruptions }),
  deny: ([address, options]) => connected().deny(address, options),
  rules: () => connected().rules(),
  healthz,
};

/** Returns the status code. Not by `fetch`, which takes WebAssembly (main.mjs). @param {string} url @returns {Promise<number | undefined>} */
function healthz(url) {
  return new Promise((resolve, reject) => {
    get(`${url}/healthz`, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

/** @param {import('@packetlog/client').PacketStream} packets */
async function read(packets) {
  for await (const batch of packets) records.push(...batch);
}

process.on('message', async (/** @type {any} */ { id, method, argument }) => {
  try {
    process.send?.({ id, value: await methods[method]?.(argument) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit());
