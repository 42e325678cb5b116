/**
 * The loader's reader, with the protocol of reader.c:
 *
 *   packetlog-reader.mjs array|ring|perf RING_BYTES precise|cached
 *
 * Runs the built modules of the loader in a worker, as `packetlog` does: they load the program, map and read the rings,
 * and decide when to poll. Like the readers in C, it copies each record into its own memory and does nothing else with
 * it: no summaries, no clients.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { objectInfo } from '../../packages/loader/dist/native/libbpf.js';
import { createEpoll, epollWait, waitForRunningPrograms } from '../../packages/loader/dist/native/libc.js';
import { POLL_BYTES } from '../../packages/loader/dist/reader/poll-bytes.js';
import { PollPolicy } from '../../packages/loader/dist/reader/poll-policy.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';

const LOOPBACK_IFINDEX = 1;
const LOOPBACK_SLOT = 1;
const SINK_BYTES = 256 * 1024;
/** Longest sleep without records, as in the other readers: `stop` takes effect up to that much later. */
const SLEEP_MS = 20;
/** struct bpf_prog_info. */
const PROGRAM_INFO_BYTES = 256;
const PROGRAM_ID = 4;

/** @param {unknown} value */
const answer = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

/** Reads commands from standard input and prints answers to standard output. */
function serve() {
  const going = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: going, argv: process.argv.slice(2) });
  let before = process.cpuUsage();
  worker.on('message', ({ program, records }) => {
    if (program !== undefined) {
      answer({ program });
      return;
    }
    const { user, system } = process.cpuUsage(before);
    answer({ records, cpu_ns: (user + system) * 1000 });
  });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const go = line === 'go';
    if (go) {
      before = process.cpuUsage();
      answer({});
    }
    Atomics.store(going, 0, go ? 1 : 0);
    Atomics.notify(going, 0);
  });
  lines.on('close', () => process.exit(0));
}

/** @param {Int32Array} going */
function read(going) {
  const [transport = 'array', ringBytes = '67108864', clock = 'precise'] = process.argv.slice(2);
  const program = loadProgram({
    transport: /** @type {'array' | 'ring' | 'perf'} */ (transport),
    ringBytes: Number(ringBytes),
    logPermits: true,
    sample: 1,
    clock: /** @type {'precise' | 'cached'} */ (clock),
  });
  program.slots[LOOPBACK_IFINDEX] = LOOPBACK_SLOT;
  const info = new Uint8Array(PROGRAM_INFO_BYTES);
  objectInfo(program.single, info);
  parentPort?.postMessage({ program: new DataView(info.buffer).getUint32(PROGRAM_ID, true) });

  const { rings, descriptors, woken } = program.transport;
  /** A word that never changes: Atomics.wait on it sleeps, as in the drain thread. */
  const never = new Int32Array(new SharedArrayBuffer(4));
  const all = createEpoll(descriptors);
  const sink = new Uint8Array(SINK_BYTES);
  let used = 0;

  /** Polls every ring once, as the drain does, and copies the records into the sink. */
  const poll = () => {
    let records = 0;
    let more = false;
    for (const ring of rings) {
      const drained = ring.drain((memory, start, count) => {
        const bytes = count * ring.stride;
        if (used + bytes > SINK_BYTES) used = 0;
        sink.set(memory.subarray(start, start + bytes), used);
        used += bytes;
      }, POLL_BYTES);
      records += drained.records;
      more ||= drained.bytes >= POLL_BYTES;
    }
    return { records, more };
  };
  /** @param {import('../../packages/loader/dist/rings/ring-reader.js').CommitMode} mode */
  const commit = (mode) => {
    for (const ring of rings) ring.commit(mode);
  };
  const policy = new PollPolicy(program.transport);

  for (;;) {
    Atomics.wait(going, 0, 0);
    let total = 0;
    while (Atomics.load(going, 0) === 1) {
      const { records, more } = poll();
      total += records;
      const next = policy.next(records, more);
      commit(next.mode);
      if (next.do === 'nap') Atomics.wait(never, 0, 0, next.ms);
      if (next.do === 'stopPolling') waitForRunningPrograms();
      if (next.do !== 'sleep') continue;
      const late = poll().records;
      total += late;
      if (late > 0) continue;
      epollWait(all, SLEEP_MS);
      woken();
    }
    for (let more = true; more; ) {
      const last = poll();
      total += last.records;
      more = last.more;
    }
    commit('holdLast');
    parentPort?.postMessage({ records: total });
  }
}

if (isMainThread) serve();
else read(workerData);
