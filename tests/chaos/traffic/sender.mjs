// @ts-check
/**
 * Sends numbered frames out of an interface and answers lines on standard input with lines of JSON: `{ next,
 * failed }`, the number of the next frame and how many attempts failed, or `{ error }`. Its argument is JSON: the templates of the frames, as hexadecimal text, and
 * the rate. Frame n uses template n modulo their number; its last eight bytes are n and its complement, so that its
 * checksum does not depend on n. A number is used up only when the kernel has accepted its frame.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { linkAddress, openLibc } from '../../lab/agent/raw.mjs';

const { templates, perSecond } = JSON.parse(process.argv[2] ?? '');
/** Frames in one turn, at most: less than a veth queue holds (VETH_RING_SIZE, drivers/net/veth.c). */
const AT_ONCE = 64;
const ENOBUFS = 105;

/** @type {Buffer[]} */
const frames = templates.map((/** @type {string} */ text) => Buffer.from(text, 'hex'));
const libc = await openLibc();
const { value: fd, errno } = libc.socket();
if (fd < 0) throw new Error(`socket(AF_PACKET): errno ${errno}`);
let to = linkAddress(0);
let next = 0;
let failed = 0;
let running = false;

/** Returns 0, or the errno. */
function send() {
  const frame = /** @type {Buffer} */ (frames[next % frames.length]);
  frame.writeUInt32BE(next, frame.length - 8);
  frame.writeUInt32BE(~next >>> 0, frame.length - 4);
  const { value, errno } = libc.send(fd, frame, to);
  if (value !== frame.length) {
    failed++;
    return errno;
  }
  next++;
  return 0;
}

/** Frames that no interface takes are not made up for. */
async function flow() {
  let due = next;
  for (let last = performance.now(); running; ) {
    await delay(1);
    const now = performance.now();
    // A burst may have overtaken it.
    due = Math.min(Math.max(due, next) + ((now - last) * perSecond) / 1000, next + AT_ONCE);
    last = now;
    while (next + 1 <= due && send() === 0);
    due = Math.min(due, next + 1);
  }
}

let flowing = Promise.resolve();

/** @type {Record<string, (argument: number) => unknown>} */
const does = {
  now: () => {},
  start: () => {
    if (running) return;
    running = true;
    flowing = flow();
  },
  pause: () => {
    running = false;
    return flowing;
  },
  /** Sends that many frames as fast as possible. */
  burst: async (count) => {
    const end = next + count;
    while (next < end) {
      const errno = send();
      if (errno !== 0 && errno !== ENOBUFS) throw new Error(`send: errno ${errno}`);
      if (next % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  /** Sends from the interface with this number. */
  device: (ifindex) => {
    to = linkAddress(ifindex);
  },
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const [verb = '', argument] = line.split(' ');
    try {
      await does[verb]?.(Number(argument));
      process.stdout.write(`${JSON.stringify({ next, failed })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  })
  .on('close', () => process.exit());
