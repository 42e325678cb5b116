// @ts-check
/**
 * Receives the numbered frames as datagrams, and answers lines on standard input with lines of JSON. Its argument is
 * JSON: the port, and which remainders of the number are of denied sources.
 *
 * `report FROM TO`: what arrived of these numbers.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { port, classes, denied } = JSON.parse(process.argv[2] ?? '');
/** Bytes; the kernel limits it to net.core.rmem_max. */
const BUFFER = 8 << 20;
/** Column of /proc/net/udp6 with the datagrams that found the socket's buffer full. */
const DROPS = 12;

let counts = new Uint8Array(1 << 20);
let unreadable = 0;
const socket = dgram.createSocket({ type: 'udp6' });
socket.on('message', (message) => {
  const at = message.length - 8;
  const number = at >= 0 ? message.readUInt32BE(at) : 0;
  if (at < 0 || message.readUInt32BE(at + 4) !== ~number >>> 0) {
    unreadable++;
    return;
  }
  if (number >= counts.length) {
    const larger = new Uint8Array(Math.max(number + 1, counts.length * 2));
    larger.set(counts);
    counts = larger;
  }
  counts[number] = /** @type {number} */ (counts[number]) + 1;
});
socket.bind(port, '::');
await once(socket, 'listening');
socket.setRecvBufferSize(BUFFER);

const isDenied = (/** @type {number} */ number) => denied.includes(number % classes);

function drops() {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = readFileSync('/proc/net/udp6', 'utf8')
    .split('\n')
    .find((each) => each.trim().split(/\s+/)[1]?.endsWith(end));
  return Number(line?.trim().split(/\s+/)[DROPS] ?? Number.NaN);
}

/** Adds a number to ranges of neighbouring numbers. @param {import('./traffic.ts').Range[]} ranges @param {number} number */
function append(ranges, number) {
  const last = ranges.at(-1);
  if (last && number - last.to <= classes) {
    last.to = number;
    last.count++;
  } else ranges.push({ from: number, to: number, count: 1 });
}

/** @param {number} from @param {number} to */
function report(from, to) {
  /** @type {import('./traffic.ts').Range[]} */
  const missing = [];
  /** @type {import('./traffic.ts').Range[]} */
  const passed = [];
  const sums = { permitted: 0, denied: 0, doubled: 0 };
  for (let number = from; number < to; number++) {
    const count = counts[number] ?? 0;
    if (count > 1) sums.doubled += count - 1;
    if (isDenied(number)) {
      if (count > 0) {
        sums.denied++;
        append(passed, number);
      }
    } else if (count > 0) sums.permitted++;
    else append(missing, number);
  }
  return { ...sums, missing, passed, unreadable, drops: drops() };
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [, from, to] = line.split(' ').map(Number);
    process.stdout.write(`${JSON.stringify(report(from ?? 0, to ?? 0))}\n`);
  })
  .on('close', () => process.exit());
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
