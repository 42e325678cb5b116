// @ts-check
/**
 * The loader's reader with a checker behind it.
 *
 *   reader.mjs array|ring|perf RING_BYTES SAMPLE FILE [OBJECT]
 *
 * Loads the program, maps the rings, prints {"program": id}. Then it accepts these lines on standard input:
 *
 *   go policy           reads as the loader's drain thread does
 *   go sleep            sleeps after each empty poll, to sleep as often as possible
 *   go poll-and-sleep   the same, but polls for some milliseconds before each sleep
 *   go no-wait          the same without the wait for the programs that saw it polling, which is wrong
 *   go slow BYTES       reads at most BYTES of a ring, then rests until SLOW times as many packets have arrived
 *   stop                reads to the end; prints the tallies by CPU, the kernel's counters, and the polls and sleeps
 *
 * FILE is shared memory with the sender: the number of records read since `go`.
 */
import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { clearEvent } from '../../packages/loader/dist/native/clear-event.js';
import { objectInfo } from '../../packages/loader/dist/native/libbpf.js';
import {
  createEpoll,
  createEventfd,
  epollWait,
  mapShared,
  pageSize,
  waitForRunningPrograms,
} from '../../packages/loader/dist/native/libc.js';
import { POLL_BYTES } from '../../packages/loader/dist/reader/poll-bytes.js';
import { PollPolicy } from '../../packages/loader/dist/reader/poll-policy.js';
import { InterfaceCounters } from '../../packages/loader/dist/xdp/interface-counters.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';
import { Checker } from './checker.mjs';

const LOOPBACK_IFINDEX = 1;
const LOOPBACK_SLOT = 1;
/** struct bpf_prog_info. */
const PROGRAM_INFO_BYTES = 256;
const PROGRAM_ID = 4;
const FOR_EVER = -1;
const SLOW = 20;
const POLLS_BEFORE_SLEEP = 2;

/** @typedef {import('../../packages/loader/dist/rings/ring-reader.js').CommitMode} CommitMode */

/** @param {unknown} value */
const answer = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

/** Reads commands from standard input and prints answers to standard output. */
function serve() {
  const going = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: going, argv: process.argv.slice(2) });
  /** @type {number | undefined} */
  let wake;
  worker.on('message', (message) => {
    wake ??= message.wake;
    answer(message);
  });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const [what, ...how] = line.split(' ');
    Atomics.store(going, 0, what === 'go' ? 1 : 0);
    if (what === 'go') worker.postMessage(how);
    if (wake !== undefined) writeSync(wake, new Uint8Array(BigUint64Array.of(1n).buffer));
  });
  lines.on('close', () => process.exit(0));
}

/** @param {Int32Array} going */
function prepare(going) {
  const [transport = 'array', ringBytes = '', sample = '1', file = '', objectPath] = process.argv.slice(2);
  const program = loadProgram({
    transport: /** @type {'array' | 'ring' | 'perf'} */ (transport),
    ringBytes: Number(ringBytes),
    logPermits: true,
    sample: Number(sample),
    clock: 'auto',
    ...(objectPath && { objectPath }),
  });
  program.slots[LOOPBACK_IFINDEX] = LOOPBACK_SLOT;
  const counters = new InterfaceCounters(program.counters, program.cpus);
  const info = new Uint8Array(PROGRAM_INFO_BYTES);
  objectInfo(program.single, info);
  const shared = mapShared(openSync(file, 'r+'), 0, pageSize(), 'read-write');
  const haveRead = new BigUint64Array(shared.buffer, shared.byteOffset, 1);
  const wake = createEventfd();
  const all = createEpoll([wake, ...program.transport.descriptors]);
  const messages = createEpoll([wake]);
  parentPort?.postMessage({ program: new DataView(info.buffer).getUint32(PROGRAM_ID, true), wake });

  const { rings, woken } = program.transport;
  /** @type {WeakMap<Uint8Array, Int32Array>} */
  const wordsOf = new WeakMap();
  const wordsIn = (/** @type {Uint8Array} */ memory) => {
    const known = wordsOf.get(memory);
    if (known) return known;
    const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);
    wordsOf.set(memory, words);
    return words;
  };
  let checker = new Checker();
  let counts = { sleeps: 0, polls: 0, polling: 0 };
  const isGoing = () => Atomics.load(going, 0) === 1;

  /** @param {number} bytes of each ring at most */
  const poll = (bytes = POLL_BYTES) => {
    let records = 0;
    let more = false;
    for (const ring of rings) {
      // Check the records in place, before the commit: this detects a writer that overwrites them too early.
      const drained = ring.drain((memory, start, count) => {
        checker.check(wordsIn(memory), (start + ring.recordOffset) / 4, count, ring.stride / 4);
      }, bytes);
      records += drained.records;
      more ||= drained.bytes >= bytes;
    }
    counts.polls++;
    return { records, more };
  };
  const commit = (/** @type {CommitMode} */ mode, /** @type {number} */ records) => {
    for (const ring of rings) ring.commit(mode);
    if (records > 0) Atomics.add(haveRead, 0, BigInt(records));
  };
  /** Sleeps unless a last poll finds records. Returns their number. */
  const sleep = () => {
    const { records } = poll();
    if (records > 0) {
      commit('wakeOnNext', records);
      return records;
    }
    counts.sleeps++;
    epollWait(all, FOR_EVER);
    woken();
    return 0;
  };

  const pollThenSleep = (/** @type {() => boolean} */ stopPolling) => {
    while (isGoing()) {
      for (let i = 0; i < POLLS_BEFORE_SLEEP; i++) {
        commit('polling', poll().records);
        counts.polling++;
        epollWait(messages, 1);
      }
      commit('holdLast', poll().records);
      if (!stopPolling()) throw new Error('the kernel rejects membarrier');
      commit('wakeOnNext', poll().records);
      sleep();
    }
  };
  const modes = {
    policy() {
      const policy = new PollPolicy(program.transport);
      while (isGoing()) {
        const { records, more } = poll();
        const next = policy.next(records, more);
        commit(next.mode, records);
        if (next.mode === 'polling') counts.polling++;
        if (next.do === 'nap') epollWait(messages, next.ms);
        if (next.do === 'stopPolling') waitForRunningPrograms();
        if (next.do !== 'sleep') continue;
        const late = sleep();
        if (late > 0) policy.next(late, false);
      }
    },
    sleep() {
      while (isGoing()) {
        const { records } = poll();
        commit('wakeOnNext', records);
        sleep();
      }
    },
    'poll-and-sleep': () => pollThenSleep(waitForRunningPrograms),
    'no-wait': () => pollThenSleep(() => true),
    slow(/** @type {string} */ bytes) {
      const { seen } = counters.read(LOOPBACK_SLOT);
      for (let taken = 0; isGoing(); epollWait(messages, 1)) {
        if (counters.read(LOOPBACK_SLOT).seen - seen < SLOW * taken) continue;
        const { records } = poll(Number(bytes));
        commit('holdLast', records);
        taken += records;
      }
    },
  };

  /** Reads until `stop` arrives, and then to the end. */
  const read = (/** @type {[keyof typeof modes, string]} */ [mode, ...how]) => {
    checker = new Checker();
    counts = { sleeps: 0, polls: 0, polling: 0 };
    Atomics.store(haveRead, 0, 0n);
    const before = counters.read(LOOPBACK_SLOT);
    clearEvent(wake);
    parentPort?.postMessage({});
    modes[mode](...how);
    for (let records = 1; records > 0; ) {
      records = poll().records;
      commit('wakeOnNext', records);
    }
    clearEvent(wake);
    const after = counters.read(LOOPBACK_SLOT);
    const counted = Object.entries(after).map(([name, value]) => [
      name,
      value - before[/** @type {keyof typeof before} */ (name)],
    ]);
    parentPort?.postMessage({
      tallies: Object.fromEntries(checker.tallies),
      counted: Object.fromEntries(counted),
      ...counts,
      canPoll: program.transport.canPoll,
    });
  };
  parentPort?.on('message', read);
}

if (isMainThread) serve();
else prepare(workerData);
