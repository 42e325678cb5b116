/** The drain thread's work: copies rings to slabs, tallies the records, reports once a second. */
import { randomInt } from 'node:crypto';
import { RUNTIME } from '@packetlog/bpf';
import {
  type Action,
  type Findings,
  FindingsDetector,
  type InterfaceLedger,
  NewSources,
  type Notice,
  REASONS,
  type Reason,
  type Summary,
} from '@packetlog/common';
import type { DrainLedger } from '../ipc/messages.ts';
import type { ReaderState } from '../ipc/reader-state.ts';
import { ReaderMeter } from '../rings/reader-meter.ts';
import type { CommitMode, RingReader } from '../rings/ring-reader.ts';
import { Tally } from '../summary/tally.ts';
import { CLOCK_STEP_NS, measureClockOffset } from '../system/clock.ts';
import { residentMemory } from '../system/resident-memory.ts';
import type { Attempts } from './evidence/attempts.ts';
import { LossAlarm } from './loss-alarm.ts';
import { POLL_BYTES } from './poll-bytes.ts';
import type { RecorderRows } from './rows/recorder-rows.ts';
import type { ServerRows } from './rows/server-rows.ts';
import type { SlabWriter } from './rows/slab-writer.ts';
import { UNWATCHED } from './unwatched-interfaces.ts';
import type { WatchedInterfaces } from './watched-interfaces.ts';

const SETTLE_ATTEMPTS = 10_000;

export class Drain {
  readonly #rings: readonly RingReader[];
  readonly #interfaces: WatchedInterfaces;
  readonly #slabWriter: SlabWriter;
  readonly #serverRows: ServerRows | undefined;
  readonly #recorderRows: RecorderRows | undefined;
  readonly #runtime: BigInt64Array;
  readonly #summaries: boolean;
  readonly #tally = new Tally();
  readonly #attempts: Attempts | undefined;
  readonly #findings = new FindingsDetector({ seed: randomInt(2 ** 32) });
  /** Undefined: not counted. */
  #newSources: NewSources | undefined;
  readonly #before: number;
  readonly #meter: ReaderMeter;
  #ringAlarm = ringAlarm(0);
  readonly #queueAlarm = new LossAlarm(
    'in the loader (queue full)',
    'Reduce the number of clients, add a filter, or make the console output faster.',
  );
  #drained = 0;
  /** Value of `#drained` at the last report. */
  #reported = -1;
  #last: { ledger: DrainLedger; nowMs: number } | undefined;

  constructor(parts: {
    rings: readonly RingReader[];
    interfaces: WatchedInterfaces;
    slabWriter: SlabWriter;
    /** Follows attempts to connect for bans. */
    attempts?: Attempts | undefined;
    /** Undefined: no server was requested. */
    serverRows?: ServerRows | undefined;
    /** Undefined: nothing is recorded. */
    recorderRows?: RecorderRows | undefined;
    runtime: Uint8Array;
    /** Records that previous loaders read from the rings. */
    before?: number;
    /** Whether reports include a summary of the records. */
    summaries: boolean;
  }) {
    this.#rings = parts.rings;
    this.#meter = new ReaderMeter(parts.rings);
    this.#interfaces = parts.interfaces;
    this.#slabWriter = parts.slabWriter;
    this.#serverRows = parts.serverRows;
    this.#recorderRows = parts.recorderRows;
    this.#attempts = parts.attempts;
    this.#before = parts.before ?? 0;
    this.#summaries = parts.summaries;
    this.#runtime = new BigInt64Array(parts.runtime.buffer, parts.runtime.byteOffset, RUNTIME.size / 8);
  }

  /** Call before the first poll if the counters do not start at zero: their current values are not reported as new. */
  resume(atMs: number, nowMs: number): void {
    this.#ringAlarm = ringAlarm(this.#interfaces.ringFull());
    this.#last = { ledger: this.ledger(atMs), nowMs };
  }

  /** Polls every ring once and reads at most `bytes` of each. `more`: at least one ring reached that limit. */
  poll(bytes: number = POLL_BYTES): { records: number; more: boolean } {
    let records = 0;
    let more = false;
    for (const ring of this.#rings) {
      const drained = ring.drain((memory, start, count) => {
        this.#meter.span(memory, start + ring.recordOffset);
        if (this.#summaries) this.#tally.add(memory, start + ring.recordOffset, count, ring.stride);
        this.#slabWriter.add(memory, start, count);
        this.#serverRows?.add(memory, start, count);
        this.#recorderRows?.add(memory, start, count);
        // Last: it delays no row of these records.
        this.#findings.add(memory, start + ring.recordOffset, count, ring.stride);
        this.#newSources?.add(memory, start + ring.recordOffset, count, ring.stride);
        this.#attempts?.add(memory, start + ring.recordOffset, count, ring.stride, performance.now());
      }, bytes);
      const isCut = drained.bytes >= bytes;
      this.#meter.drained(ring, drained, isCut);
      records += drained.records;
      more ||= isCut;
    }
    this.#drained += records;
    return { records, more };
  }

  commit(mode: CommitMode): void {
    for (const ring of this.#rings) ring.commit(mode);
  }

  /** Records in the rings that are not drained yet: 0 once no program writes and everything is read. */
  backlog(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.pending(), 0);
  }

  /** Writes the wall clock offset for the program. The first call must come before attaching. */
  setClock(): { offsetNs: bigint; step: Notice | undefined } {
    const offset = measureClockOffset();
    const at = RUNTIME.fields.clock_offset_ns / 8;
    const before = Atomics.exchange(this.#runtime, at, offset);
    const moved = offset - before;
    const stepped = before !== 0n && (moved > CLOCK_STEP_NS || moved < -CLOCK_STEP_NS);
    return { offsetNs: offset, step: stepped ? clockStep(moved) : undefined };
  }

  ledger(atMs: number): DrainLedger {
    const drained = this.#drained;
    const interfaces = this.#interfaces.ledger();
    const unwatched = this.#interfaces.unwatched();
    // The program counts a record after it commits it: we may have read a record that is not counted yet.
    const emitted = Math.max(drained, sumOfEmitted(countersOf({ interfaces, unwatched })) - this.#before);
    const { counts, pending } = this.#slabWriter;
    const server = this.#serverRows;
    return {
      at_ms: atMs,
      interfaces,
      ...(unwatched === undefined ? {} : { unwatched }),
      ring: { offered: emitted, delivered: drained, dropped: 0, withheld: 0, pending: emitted - drained },
      queue: { ...counts, pending },
      ...(server === undefined ? {} : { server: { ...server.counts, pending: server.pending } }),
      ...(this.#recorderRows === undefined ? {} : { recorder: this.#recorderRows.ledger() }),
      ...(this.#before > 0 ? { before: this.#before } : {}),
      reasons: this.#reasons(),
    };
  }

  /**
   * Returns a ledger that adds up even while the program runs: rereads the counters until no packet is halfway through
   * them, at most SETTLE_ATTEMPTS times.
   */
  settledLedger(atMs: number): DrainLedger {
    for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
      const ledger = this.ledger(atMs);
      const all = countersOf(ledger);
      if (sumOfEmitted(all) - this.#before === ledger.ring.offered && all.every(addsUp)) return ledger;
    }
    return this.ledger(atMs);
  }

  /** Whether another report would contain nothing new: no record since the last one, no alarm is on, no finding is open. */
  get isQuiet(): boolean {
    return (
      this.#drained === this.#reported &&
      this.#findings.isIdle &&
      !this.#ringAlarm.losing &&
      !this.#queueAlarm.losing &&
      !this.#interfaces.waits
    );
  }

  /** Begins or ends to count new sources; `nowMs`: the clock of `report`. */
  wantNewSources(isWanted: boolean, nowMs: number): void {
    if (!isWanted) this.#newSources = undefined;
    else this.#newSources ??= new NewSources({ seed: randomInt(2 ** 32) }, nowMs);
  }

  /** Call about once a second. `atMs`: the wall clock, which may jump; `nowMs`: a monotonic clock. */
  report(
    atMs: number,
    nowMs: number,
  ): {
    ledger: DrainLedger;
    summary: Summary;
    notices: Notice[];
    findings: Findings | undefined;
    newSources: number | undefined;
  } {
    const notices = this.#interfaces.check(atMs);
    const ledger = this.ledger(atMs);
    this.#reported = this.#drained;
    notices.push(...this.alarms(atMs, nowMs));
    const summary = this.#summary(ledger, atMs, nowMs);
    this.#findings.tick(atMs);
    const findings = this.#findings.changed(atMs);
    const newSources = this.#newSources?.second(nowMs);
    return { ledger: { ...ledger, reader: this.#reader() }, summary, notices, findings, newSources };
  }

  /** Returns a notice when loss begins or ends; cheap enough to call several times a second. */
  alarms(atMs: number, nowMs: number): Notice[] {
    const ring = this.#ringAlarm.update(this.#interfaces.ringFull(), atMs, nowMs);
    const lost = this.#slabWriter.counts.dropped + (this.#serverRows?.counts.dropped ?? 0);
    const queue = this.#queueAlarm.update(lost, atMs, nowMs);
    return [ring, queue].filter((notice) => notice !== undefined);
  }

  #summary(ledger: DrainLedger, atMs: number, nowMs: number): Summary {
    const before = this.#last;
    this.#last = { ledger, nowMs };
    const byAction: Record<Action, number> = { aborted: 0, deny: 0, permit: 0 };
    let deniedBytes = 0;
    const since = (counters: InterfaceLedger, then: InterfaceLedger | undefined) => {
      byAction.permit += counters.permitted - (then?.permitted ?? 0);
      byAction.deny += counters.denied - (then?.denied ?? 0);
      byAction.aborted += counters.aborted - (then?.aborted ?? 0);
      deniedBytes += counters.denied_bytes - (then?.denied_bytes ?? 0);
      return { packets: counters.seen - (then?.seen ?? 0), bytes: counters.bytes - (then?.bytes ?? 0) };
    };
    // Match by index, which is the same every second; a name may change.
    const byInterface = ledger.interfaces.map(({ name, counters }, i) => ({
      name,
      ...since(counters, before?.ledger.interfaces[i]?.counters),
    }));
    const { unwatched } = ledger;
    if (unwatched)
      byInterface.push({ name: UNWATCHED, ...since(unwatched.counters, before?.ledger.unwatched?.counters) });
    const sum = (of: 'packets' | 'bytes') => byInterface.reduce((total, each) => total + each[of], 0);
    return {
      at_ms: atMs,
      interval_ms: Math.max(1, before ? nowMs - before.nowMs : 1000),
      total: { packets: sum('packets'), bytes: sum('bytes') },
      by_interface: byInterface,
      by_action: byAction,
      denied_bytes: deniedBytes,
      ...this.#tally.take(),
    };
  }

  #reader(): ReaderState {
    return {
      ...this.#meter.take(),
      protocols: this.#tally.protocols(),
      ring_bytes: this.#meter.ringBytes,
      pid: process.pid,
      resident_bytes: residentMemory(),
    };
  }

  #reasons(): DrainLedger['reasons'] {
    const counts = this.#interfaces.reasons();
    const named = (Object.entries(REASONS) as [Reason, number][]).map(
      ([name, code]) => [name, counts[code] ?? 0] as const,
    );
    return Object.fromEntries(named.filter(([, count]) => count > 0));
  }
}

/** Counters of all watched interfaces, and of the unwatched ones. */
function countersOf({
  interfaces,
  unwatched,
}: Pick<DrainLedger, 'interfaces'> & { unwatched?: DrainLedger['unwatched'] }): InterfaceLedger[] {
  return [...interfaces, ...(unwatched ? [unwatched] : [])].map(({ counters }) => counters);
}

function sumOfEmitted(counters: readonly InterfaceLedger[]): number {
  return counters.reduce((sum, { emitted }) => sum + emitted, 0);
}

function addsUp(c: InterfaceLedger): boolean {
  return (
    c.seen === c.permitted + c.denied + c.aborted && c.seen === c.emitted + c.sampled_out + c.filtered_out + c.ring_full
  );
}

/** `lost`: records lost so far. */
function ringAlarm(lost: number): LossAlarm {
  return new LossAlarm(
    'in the kernel, because the ring is full',
    'Use a larger --ring-size, or record fewer packets.',
    lost,
  );
}

function clockStep(movedNs: bigint): Notice {
  const seconds = (Number(movedNs) / 1e9).toFixed(3);
  const message = `The wall clock was set by ${seconds} s; timestamps from before and after are not comparable. No packets were lost.`;
  return { at_ms: Date.now(), level: 'warning', code: 'clock_step', message };
}
