/**
 * Measures the cost of summaries: runs the loader's tally over records in memory of the size of a ring.
 *
 *   summary.mjs SOURCES
 *
 * Prints {"ns_per_record": n}: CPU time, the median of rounds, each over all records in spans as from a ring. The
 * records are TCP and UDP to one address and five ports; the source of each is a random one of SOURCES.
 */
import { randomBytes } from 'node:crypto';
import { Tally } from '../../packages/loader/dist/summary/tally.js';

const RECORD = 64;
const RECORDS = 1 << 20;
const SPAN = 1024;
const ROUNDS = 9;
const PORTS = [80, 443, 53, 22, 8080];
const sources = Number(process.argv[2] ?? '100');

const memory = new Uint8Array(new SharedArrayBuffer(RECORDS * RECORD));
const view = new DataView(memory.buffer);
const addresses = randomBytes(sources * 4);
const choices = new DataView(new Uint8Array(randomBytes(RECORDS * 4)).buffer);
for (let i = 0; i < RECORDS; i++) {
  const at = i * RECORD;
  const source = choices.getUint32(i * 4) % sources;
  // PacketLog (packages/common): ::ffff: in front of both addresses, then length, weight, port, type and protocol.
  view.setUint16(at + 18, 0xffff);
  memory.set(addresses.subarray(source * 4, source * 4 + 4), at + 20);
  view.setUint16(at + 34, 0xffff);
  view.setUint32(at + 36, 0xc0000201);
  view.setUint16(at + 48, 60 + (i % 1400), true);
  view.setUint16(at + 50, 1, true);
  view.setUint16(at + 54, PORTS[i % PORTS.length] ?? 9, true);
  view.setUint16(at + 56, 0x0800, true);
  memory[at + 60] = i % 2 === 0 ? 6 : 17;
}

const tally = new Tally();
/** @type {number[]} */
const figures = [];
for (let round = -2; round < ROUNDS; round++) {
  const before = process.cpuUsage();
  for (let i = 0; i < RECORDS; i += SPAN) tally.add(memory, i * RECORD, SPAN, RECORD);
  const { user, system } = process.cpuUsage(before);
  // V8 compiles in the first rounds.
  if (round >= 0) figures.push(((user + system) * 1000) / RECORDS);
  const { records } = tally.take();
  if (records !== RECORDS) throw new Error(`${records} of ${RECORDS} records were tallied`);
}
figures.sort((a, b) => a - b);
process.stdout.write(`${JSON.stringify({ ns_per_record: figures[ROUNDS >> 1] })}\n`);
