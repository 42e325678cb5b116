/**
 * The drain thread: the only thread that calls C once the main thread has locked the state directory (flock(2)). It
 * blocks in epoll_wait or in a nap, never in Node's event loop, and talks to the serving thread through a port and
 * shared slabs.
 */
import { readlinkSync } from 'node:fs';
import type { Notice } from '@packetlog/common';
import { toPlain } from '../errors/setup-error.ts';
import { clearEvent } from '../native/clear-event.ts';
import { waitForRunningPrograms } from '../native/libc.ts';
import { trimHeap } from '../native/trim-heap.ts';
import { nameThread } from '../system/thread-name.ts';
import { startWarnings } from '../xdp/attach/observe-warnings.ts';
import { STARTS_EMPTY } from '../xdp/pinning/leftover-pins.ts';
import type { LoadedProgram } from '../xdp/program.ts';
import type { Drain } from './drain.ts';
import { every } from './every.ts';
import { POLL_BYTES } from './poll-bytes.ts';
import { PollPolicy } from './poll-policy.ts';
import { answerRequests } from './requests.ts';
import { closePort, options, post, postNotices, signal } from './serving-thread.ts';
import { type Setup, setUp } from './set-up.ts';
import { StartMemory } from './start-memory.ts';

/** Interval of reports. Without clients and records, a report waits for the first client or record. */
const REPORT_MS = 1000;
const FOR_EVER = -1;
/** Interval of loss checks while awake: loss is reported well within a second. */
const ALARM_MS = 200;
/** Interval in which sources that are over are looked for, also asleep, while a limit bans. */
const OFFENDERS_MS = 500;
/** Interval of checks for interface changes while awake. Asleep, a change wakes the thread. */
const LINKS_MS = 50;
/** How long `stop` waits for the main thread to return slabs, and for the last records. */
const STOP_MS = 5000;
/** How long `stop` waits for the server process to return slabs: it may be frozen, and must not delay the output. */
const STOP_SERVER_MS = 1000;

/** If false, the counters may move while the thread sleeps, and only the report shows it. */
const everyPacketWakes = options.logPermits && options.sample <= 1;

const startMemory = new StartMemory(performance.now());

/** Directory of the network tables of this thread, which may be in another namespace than the process. */
function networkTables(): string {
  return `/proc/${readlinkSync('/proc/thread-self')}/net`;
}

function attach({ program, transport, drain, interfaces, pins, leftover, discarded, chosen }: Setup): void {
  try {
    interfaces.attach();
    if (options.pin === 'never') pins.unpin();
    else if (options.pin === 'always' || leftover) pins.pin(interfaces.links());
  } catch (error) {
    interfaces.detach();
    throw error;
  }
  const [ring] = transport.rings;
  if (!ring) throw new Error('no CPU');
  if (program.reused) drain.resume(Date.now(), performance.now());
  post({
    type: 'ready',
    interfaces: interfaces.ledger(),
    transport: program.transportName,
    stride: ring.stride,
    recordOffset: ring.recordOffset,
    pinned: pins.path,
    otherRoutes: chosen.others,
    warnings: startWarnings(interfaces.attached(), options.mode, program.frags !== undefined),
  });
  if (leftover) postNotices([takenOver(program, drain)]);
  if (discarded) postNotices([startedAnew()]);
}

/** Returns false if a stop was requested instead. */
function waitForAttach(setup: Setup): boolean {
  for (;;) {
    Atomics.wait(signal, 0, 0);
    Atomics.store(signal, 0, 0);
    clearEvent(setup.wake);
    const answer = answerRequests(setup);
    if (answer !== 'go on') return answer === 'attach';
  }
}

/** Polls, naps and sleeps until a stop message. */
function run(setup: Setup): void {
  const { drain, transport, wake } = setup;
  const pollPolicy = new PollPolicy(transport);
  setup.nextReport = performance.now() + REPORT_MS;
  const checkLoss = every(ALARM_MS, () => postNotices(drain.alarms(Date.now(), performance.now())));
  const checkOffenders = every(OFFENDERS_MS, () => setup.rules.postOffenders());
  const checkLinks = every(LINKS_MS, () => setup.waiter.haveLinksChanged() && checkInterfaces(setup));
  for (;;) {
    if (Atomics.exchange(signal, 0, 0) === 1) {
      clearEvent(wake);
      if (answerRequests(setup) === 'stop') return;
    }
    if (performance.now() >= setup.nextReport) {
      report(setup);
      flush(setup, true);
      setup.nextReport = reportAfter(setup.nextReport);
    }
    setup.serviceManager.alive(performance.now());
    const { records, more } = drain.poll();
    const next = pollPolicy.next(records, more, setup.lowLatency);
    flush(setup, next.do === 'sleep' || next.do === 'stopPolling');
    drain.commit(next.mode);
    // After the rows, which have been sent.
    checkLoss();
    checkLinks();
    checkOffenders();
    if (next.do === 'nap') Atomics.wait(signal, 0, 0, next.ms);
    if (next.do === 'stopPolling') waitForRunningPrograms();
    if (next.do === 'sleep') {
      const late = sleep(setup);
      if (late > 0) pollPolicy.next(late, false);
    }
  }
}

/** Call after everything was released. Returns the number of records that arrived in between: then it did not sleep. */
function sleep(setup: Setup): number {
  const { transport, drain, waiter, serviceManager } = setup;
  // A record committed before the release was visible did not signal: poll once more.
  const { records } = drain.poll();
  if (records > 0) {
    flush(setup, true);
    return records;
  }
  startMemory.release(performance.now());
  const untilReport = Math.max(0, Math.ceil(setup.nextReport - performance.now()));
  const waits = setup.chosen.check?.waits ?? false;
  const { core, server } = setup.reportsWanted;
  const mayBeLong = everyPacketWakes && waiter.wakesOnChanges && !(core || server) && drain.isQuiet && !waits;
  const longestMs = Math.ceil(Math.min(serviceManager.maxSleepMs, startMemory.dueInMs(performance.now())));
  const untilFlush = Math.ceil(setup.recorderRows?.dueInMs() ?? Number.POSITIVE_INFINITY);
  const untilOffenders = setup.rules.watchesOffenders ? OFFENDERS_MS : Number.POSITIVE_INFINITY;
  const sleepMs = Math.min(mayBeLong ? longestMs : untilReport, untilFlush, untilOffenders);
  const woken = waiter.sleep(Number.isFinite(sleepMs) ? sleepMs : FOR_EVER);
  setup.recorderRows?.flush(false);
  transport.woken();
  if (woken.clock) setup.nextReport = performance.now();
  if (woken.links) checkInterfaces(setup);
  return 0;
}

function checkInterfaces(setup: Setup): void {
  const notices = setup.interfaces.check(Date.now());
  postNotices(notices);
  if (notices.length > 0) setup.nextReport = performance.now();
}

function takenOver(program: LoadedProgram, drain: Drain): Notice {
  const waiting = drain.ledger(Date.now()).ring.pending;
  const message = program.reused
    ? `Took over from a loader that ended, without a gap; ${waiting} records waited in its rings.`
    : `Took over from a loader that ended; rules stayed in force without a gap. ${STARTS_EMPTY}`;
  return { at_ms: Date.now(), level: program.reused ? 'info' : 'warning', code: 'taken_over', message };
}

function startedAnew(): Notice {
  const message =
    'An earlier packetlog ended, and the interfaces that it watched are gone: until now, its rules were not in force. Rings, counters and levels of limits start empty; records that waited in its rings are lost.';
  return { at_ms: Date.now(), level: 'warning', code: 'taken_over', message };
}

/** Returns when the next report is due. Missed reports are skipped. */
function reportAfter(due: number): number {
  return Math.max(due, performance.now() - REPORT_MS) + REPORT_MS;
}

/** Passes on what is in the slabs; see SlabWriter. */
function flush({ slabWriter, serverRows, recorderRows }: Setup, force: boolean): void {
  slabWriter.flush(force);
  serverRows?.flush(force);
  recorderRows?.flush(false);
}

function report({ drain, rules, chosen, interfaces, serverRows }: Setup): void {
  const { offsetNs, step } = drain.setClock();
  const { ledger, summary, notices, findings, newSources } = drain.report(Date.now(), performance.now());
  if (step) notices.push(step);
  const route = chosen.check?.check(interfaces.attachedNames, Date.now());
  if (route) notices.push(route);
  postNotices(notices);
  const number = serverRows?.report() ?? 0;
  const ruleCounts = rules.changed();
  post({ type: 'second', number, ledger, summary, findings, newSources, clockOffsetNs: offsetNs, ruleCounts });
}

/**
 * Detaches, waits until no program runs, empties the rings, passes everything on. Pinned programs and maps keep
 * running.
 */
function stop(setup: Setup): void {
  const { transport, drain, interfaces, rules, pins } = setup;
  const isPinned = pins.path !== undefined;
  if (!isPinned) interfaces.detach();
  const deadline = performance.now() + STOP_MS;
  const settled = waitForRunningPrograms();
  const serverDeadline = performance.now() + STOP_SERVER_MS;
  for (;;) {
    // Read no more than fits into free slabs: there is time now to wait for slabs to return.
    const room = roomFor(setup, performance.now() < serverDeadline);
    const { records, more } = drain.poll(Math.min(POLL_BYTES, Math.floor(room / (2 * transport.rings.length))));
    drain.commit('wakeOnNext');
    flush(setup, true);
    // A pinned program keeps writing, so there may be no end: the rest waits for the next loader.
    const over = performance.now() >= deadline || (isPinned && !more);
    if (over || (records === 0 && drain.backlog() === 0 && settled)) break;
    // Messages are no longer read.
    Atomics.store(signal, 0, 0);
    if (records === 0) Atomics.wait(signal, 0, 0, settled ? 1 : 10);
  }
  if (isPinned) interfaces.detach();
  setup.serverRows?.end();
  setup.recorderRows?.end();
  post({ type: 'stopped', ledger: drain.settledLedger(Date.now()), ruleCounts: rules.changed(), pinned: pins.path });
}

/** Returns the bytes that the consumers' free slabs have room for. */
function roomFor({ slabWriter, serverRows, recorderRows }: Setup, waitsForServer: boolean): number {
  return Math.min(
    slabWriter.room(),
    recorderRows?.room() ?? Number.POSITIVE_INFINITY,
    waitsForServer ? (serverRows?.room() ?? Number.POSITIVE_INFINITY) : slabWriter.room(),
  );
}

try {
  nameThread('packetlog-drain');
  const setup = setUp(options, post);
  const { program, interfaces, rules, wake } = setup;
  const target = {
    interfaces: interfaces.slots(),
    counterSlots: rules.counterSlots,
    counters: program.ruleOwners.slots(),
    tables: networkTables(),
  };
  // Loading the program took several MiB, which the C library would keep.
  trimHeap();
  post({ type: 'loaded', target, wake });
  if (waitForAttach(setup)) {
    attach(setup);
    run(setup);
    setup.serviceManager.stopping();
    stop(setup);
  } else {
    // Leave the previous loader's program and maps as they are.
    post({ type: 'stopped', ledger: setup.drain.ledger(Date.now()), ruleCounts: [], pinned: setup.pins.path });
  }
} catch (error) {
  post({ type: 'failed', error: toPlain(error) });
} finally {
  closePort();
}
