// @ts-check
/**
 * The loader's own way of reading, with a checker behind it.
 *
 *   reader.mjs array|ring|perf RING_BYTES SAMPLE FILE [OBJECT]
 *
 * Loads the program, maps the rings, answers {"program": id}. Then, for lines on standard input:
 *
 *   go rhythm           reads as the loader's drain thread does
 *   go restless         goes to sleep whenever it finds nothing, so that it does so as often as can be
 *   go fickle           the same, but is hot for some milliseconds before
 *   go hasty            the same without the wait for the programs that saw it hot, which is wrong
 *   go slow BYTES       takes BYTES of a ring at most, then rests until SLOW times as many records have come
 *   stop                reads to the end; answers with accounts by CPU, what the kernel counted, and how it went
 *
 * FILE is memory for the sender: how many records were read since `go`.
 */
import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { clearEvent } from '../../packages/loader/dist/native/clear-event.js';
import { objectInfo } from '../../packages/loader/dist/native/libbpf.js';
import {
  epollOf,
  epollWait,
  eventDescriptor,
  mapShared,
  pageSize,
  waitForRunningPrograms,
} from '../../packages/loader/dist/native/libc.js';
import { LOOK_BYTES } from '../../packages/loader/dist/reader/poll-bytes.js';
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
const HOT_LOOKS = 2;

/** @typedef {import('../../packages/loader/dist/rings/ring-reader.js').Giving} Giving */

/** @param {unknown} value */
const answer = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

/** Commands on standard input, answers on standard output. */
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
  const wake = eventDescriptor();
  const all = epollOf([wake, ...program.transport.descriptors]);
  const messages = epollOf([wake]);
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
  let went = { sleeps: 0, looks: 0, hot: 0 };
  const isGoing = () => Atomics.load(going, 0) === 1;

  /** @param {number} bytes of each ring at most */
  const look = (bytes = LOOK_BYTES) => {
    let records = 0;
    let more = false;
    for (const ring of rings) {
      // Checked where they lie, before they are given back: whoever wrote over them too early is seen.
      const drained = ring.drain((memory, start, count) => {
        checker.check(wordsIn(memory), (start + ring.recordOffset) / 4, count, ring.stride / 4);
      }, bytes);
      records += drained.records;
      more ||= drained.bytes >= bytes;
    }
    went.looks++;
    return { records, more };
  };
  const publish = (/** @type {Giving} */ giving, /** @type {number} */ records) => {
    for (const ring of rings) ring.publish(giving);
    if (records > 0) Atomics.add(haveRead, 0, BigInt(records));
  };
  /** Unless something has come in the meantime: so many records. */
  const sleep = () => {
    const { records } = look();
    if (records > 0) {
      publish('exact', records);
      return records;
    }
    went.sleeps++;
    epollWait(all, FOR_EVER);
    woken();
    return 0;
  };

  const wayOfTheHot = (/** @type {() => boolean} */ cool) => {
    while (isGoing()) {
      for (let i = 0; i < HOT_LOOKS; i++) {
        publish('hot', look().records);
        went.hot++;
        epollWait(messages, 1);
      }
      publish('hold', look().records);
      if (!cool()) throw new Error('membarrier is refused');
      publish('exact', look().records);
      sleep();
    }
  };
  const ways = {
    rhythm() {
      const rhythm = new PollPolicy(program.transport);
      while (isGoing()) {
        const { records, more } = look();
        const next = rhythm.next(records, more);
        publish(next.giving, records);
        if (next.giving === 'hot') went.hot++;
        if (next.do === 'nap') epollWait(messages, next.ms);
        if (next.do === 'cool') waitForRunningPrograms();
        if (next.do !== 'sleep') continue;
        const late = sleep();
        if (late > 0) rhythm.next(late, false);
      }
    },
    restless() {
      while (isGoing()) {
        const { records } = look();
        publish('exact', records);
        sleep();
      }
    },
    fickle: () => wayOfTheHot(waitForRunningPrograms),
    hasty: () => wayOfTheHot(() => true),
    slow(/** @type {string} */ bytes) {
      const { seen } = counters.read(LOOPBACK_SLOT);
      for (let taken = 0; isGoing(); epollWait(messages, 1)) {
        if (counters.read(LOOPBACK_SLOT).seen - seen < SLOW * taken) continue;
        const { records } = look(Number(bytes));
        publish('hold', records);
        taken += records;
      }
    },
  };

  /** Reads until told to stop, and then to the end. */
  const read = (/** @type {[keyof typeof ways, string]} */ [way, ...how]) => {
    checker = new Checker();
    went = { sleeps: 0, looks: 0, hot: 0 };
    Atomics.store(haveRead, 0, 0n);
    const before = counters.read(LOOPBACK_SLOT);
    clearEvent(wake);
    parentPort?.postMessage({});
    ways[way](...how);
    for (let records = 1; records > 0; ) {
      records = look().records;
      publish('exact', records);
    }
    clearEvent(wake);
    const after = counters.read(LOOPBACK_SLOT);
    const counted = Object.entries(after).map(([name, value]) => [
      name,
      value - before[/** @type {keyof typeof before} */ (name)],
    ]);
    parentPort?.postMessage({
      accounts: Object.fromEntries(checker.accounts),
      counted: Object.fromEntries(counted),
      ...went,
      canPoll: program.transport.canPoll,
    });
  };
  parentPort?.on('message', read);
}

if (isMainThread) serve();
else prepare(workerData);
