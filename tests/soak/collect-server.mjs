// @ts-check
/**
 * Collects the garbage of the server process every ten seconds through its debugger, and writes the remaining heap as
 * collect.cjs does: the server starts without options and opens no files. Argument: its pid, in this network namespace.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 10_000;
const DEBUGGER = 'http://127.0.0.1:9229/json';
const ATTEMPTS = 100;
const file = process.env['SOAK_HEAPS'] ?? '/dev/null';

/** Makes the process open its debugger, and returns the URL. */
async function openDebugger() {
  process.kill(Number(process.argv[2]), 'SIGUSR1');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const [target] = await (await fetch(DEBUGGER)).json();
      return target.webSocketDebuggerUrl;
    } catch {
      await delay(100);
    }
  }
  throw new Error('the server process opened no debugger');
}

const socket = new WebSocket(await openDebugger());
/** @type {Map<number, (result: { usedSize: number, totalSize: number }) => void>} */
const waiting = new Map();
let asked = 0;

/** @param {string} method */
function ask(method) {
  const id = ++asked;
  socket.send(JSON.stringify({ id, method }));
  return new Promise((resolve) => waiting.set(id, resolve));
}

socket.onmessage = ({ data }) => {
  const { id, result } = JSON.parse(data);
  waiting.get(id)?.(result);
  waiting.delete(id);
};
// The server has ended.
socket.onclose = () => process.exit(0);
await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
for (;;) {
  await ask('HeapProfiler.collectGarbage');
  const { usedSize, totalSize } = await ask('Runtime.getHeapUsage');
  const [liveKib, freeKib] = [usedSize / 1024, (totalSize - usedSize) / 1024];
  appendFileSync(file, `${JSON.stringify({ thread: 'server', atMs: Date.now(), liveKib, freeKib })}\n`);
  await delay(EVERY_MS);
}
