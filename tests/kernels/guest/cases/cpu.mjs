// @ts-check
/** A CPU goes offline and online under traffic, with each transport: every packet is counted, and its record or its loss. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Child } from '../lab/child.mjs';
import { isAtLeast } from '../lab/device.mjs';
import { readOutput } from '../lab/ledger.mjs';
import { AGENT } from '../lab/namespace.mjs';
import { address, deviceOf } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';

const P = { array: 'array ring', ring: 'kernel ring', perf: 'perf events' };
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];
export const guestOnly = true;

const ONLINE = '/sys/devices/system/cpu/cpu1/online';
const PORT = 5000;
const PER_SECOND = 200;
/** Packets between two changes. */
const BETWEEN = 200;
const TIMES = 3;
const XCHG_SINCE = /** @type {const} */ ([5, 12]);

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.listen(PORT);
  // One sender for each CPU: a CPU receives what it sent.
  const senders = [0, 1].map(
    (cpu) => new Child(network.client.inside(['taskset', '-c', `${cpu}`, process.execPath, AGENT]), `sender ${cpu}`),
  );
  try {
    for (const [transport, promise] of Object.entries(P)) {
      if (transport === 'array' && !isAtLeast(XCHG_SINCE)) {
        lab.absent(promise, 'array ring');
      } else await unplug(lab, network, senders, transport, promise);
    }
  } finally {
    writeFileSync(ONLINE, '1');
    for (const sender of senders) await sender.end();
  }
}

/** @param {Lab} lab @param {Network} network @param {readonly Child[]} senders @param {string} transport @param {string} promise */
async function unplug(lab, network, senders, transport, promise) {
  const device = deviceOf(0);
  const options = ['--transport', transport, '--print', 'json', '--sample', 'off', '--pin', 'never'];
  const loader = await lab.packetlog(['--mode', 'native', '--iface', device, ...options]).ready();
  const arrivedBefore = network.arrived(device);
  const arrived = () => network.arrived(device) - arrivedBefore;
  const more = async (/** @type {number} */ packets) => {
    const from = arrived();
    await until(() => arrived() >= from + packets, `${packets} packets more`);
  };
  let isOver = false;
  const sending = Promise.all(
    senders.map(async (sender, i) => {
      let sent = 0;
      while (!isOver) {
        const send = { address: address(0, 2), ports: [PORT], sourcePorts: [41_000 + i], payloadBytes: 32 };
        sent += (await sender.ask('sendUdp', { ...send, count: PER_SECOND, perSecond: PER_SECOND })).sent;
      }
      return sent;
    }),
  );
  // Awaited below; the changes may fail first.
  sending.catch(() => {});
  try {
    const before = [0, 1].map(receivedOf);
    await more(BETWEEN);
    const haveReceived = [0, 1].map((cpu) => receivedOf(cpu) > (before[cpu] ?? 0));
    lab.check(promise, 'CPUs that receive', haveReceived, [true, true]);
    for (let time = 0; time < TIMES; time++) {
      writeFileSync(ONLINE, '0');
      lab.check(promise, 'offline', readFileSync(ONLINE, 'utf8').trim(), '0');
      await more(BETWEEN);
      writeFileSync(ONLINE, '1');
      await more(BETWEEN);
    }
  } finally {
    isOver = true;
  }
  const sent = (await sending).reduce((sum, each) => sum + each, 0);
  await until(() => arrived() >= sent, 'all packets', 30).catch(() => {});
  lab.check(promise, 'exit code', await loader.end('SIGINT'), 0);
  const { records, ledger } = readOutput(loader.out);
  const { seen, emitted, ring_full } = ledger[device];
  lab.check(promise, 'arrived', arrived(), sent);
  lab.check(promise, 'counted', seen, sent);
  lab.check(promise, 'recorded + lost in the ring', emitted + ring_full, sent);
  lab.check(promise, 'records + lost in the queue', records.length + ledger.delivered.dropped, emitted);
  // A perf buffer ends with its CPU, and later packets on that CPU are counted as lost.
  if (transport !== 'perf') lab.check(promise, 'lost in the ring', ring_full, 0);
}

/** Returns how often a CPU has received packets. @param {number} cpu */
function receivedOf(cpu) {
  const line = /NET_RX:\s+(.*)$/m.exec(readFileSync('/proc/softirqs', 'utf8'))?.[1] ?? '';
  return Number(line.split(/\s+/)[cpu]);
}
