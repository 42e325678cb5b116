/**
 * Ships recorded packets: counts the records of all segments, takes them in their order, and encodes them as blocks. Each
 * record that is offered is acknowledged, pending, expired or rejected, also after a kill at any moment.
 */
import { randomBytes } from 'node:crypto';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import type { ShipLedger } from '@packetlog/common/fleet';
import type { Block, QuestionOf } from '../../ipc/fleet/fleet-access.ts';
import { CorruptSegmentError, parseSegmentName, readJournal, type SegmentFile } from '../../recorder/format/index.ts';
import { type ChunkBlock, chunkBlocks } from './chunk-blocks.ts';
import { countRecords, type ReadPart, readPart, segmentsFrom } from './segment-reading.ts';
import {
  type CountedSegment,
  readShipRecords,
  readShipState,
  removeShipRecords,
  type ShipState,
  writeShipRecords,
  writeShipState,
} from './ship-state.ts';

export interface ShippingOptions {
  /** Of ship.json. */
  readonly directory: string;
  /** Of the segments. */
  readonly recordDirectory: string;
  readonly now: () => number;
  /** A problem that an operator should know, as a sentence. */
  readonly warn: (message: string) => void;
}

/** How long records wait until there are more of them, in ms. */
const GATHER_MS = 5000;
/** A part of a segment this large is not gathered any longer. */
const MANY_RECORDS = 32_768;
/** How long a hub that has a block, and may have stored it, is waited for before another hub gets it, in ms. */
const SWITCH_MS = 60_000;
/** The same for a hub that has acknowledged all blocks: it asks every second. */
const IDLE_SWITCH_MS = 10_000;
/** Segments that are counted at once: each index takes a fraction of a millisecond. */
const SEGMENTS_AT_ONCE = 200;
/** How often counts are written although nothing was shipped, in ms. */
const SAVE_MS = 10_000;

export type ShippedAnswer = Pick<QuestionOf<'shipped'>, 'table' | 'sequence' | 'result' | 'next'>;

export class Shipping {
  readonly #options: ShippingOptions;
  #state: ShipState | undefined;
  #isDamaged = false;
  /** Of the chunk; undefined: not computed yet. */
  #blocks: readonly ChunkBlock[] | undefined;
  #encoded: { readonly node: string; readonly block: Block } | undefined;
  #lastAsked = Number.NEGATIVE_INFINITY;
  #lastTaken = Number.NEGATIVE_INFINITY;
  #lastSaved = Number.NEGATIVE_INFINITY;
  #isChanged = false;

  /** Reads what an earlier process left. Throws the file system's error. */
  constructor(options: ShippingOptions) {
    this.#options = options;
    const state = readShipState(options.directory);
    if (state !== 'damaged') this.#state = state;
    else {
      this.#isDamaged = true;
      options.warn(
        'ship.json was damaged and is renamed: recorded packets from before are not shipped again, and those that were not shipped yet are missing in the fleet’s history.',
      );
    }
    if (this.#state?.chunk !== undefined) this.#readChunk(this.#state);
  }

  /** In records; see shipLedgerSchema. */
  ledger(): ShipLedger {
    const state = this.#state;
    if (state === undefined) return { offered: 0, acked: 0, pending: 0, expired: 0 };
    const { offered, acked, expired, rejected } = state.ledger;
    return { offered, acked, pending: this.#pending(state), expired, ...(rejected > 0 && { rejected }) };
  }

  /** Counts new records. Call about once a second. Throws the file system's error. */
  tick(): void {
    const state = this.#state;
    if (state === undefined) return;
    this.#count(state);
    if (this.#isChanged && this.#options.now() - this.#lastSaved > SAVE_MS) this.#save(state);
  }

  /**
   * Returns the block that comes next, the same until it was shipped; undefined: there is none now, or another hub may
   * have stored it. `hub`: origin. Throws the file system's error.
   */
  next(want: 'denied' | 'all', node: string, hub: string): Block | undefined {
    this.#state ??= this.#begin();
    const state = this.#state;
    state.all = want === 'all';
    if (!this.#isHubOf(state, hub)) return undefined;
    this.#lastAsked = this.#options.now();
    if (state.chunk === undefined) {
      this.#count(state);
      if (!this.#take(state)) return undefined;
    }
    const block = this.#blocks?.[state.chunk?.done ?? 0];
    if (block === undefined) return undefined;
    if (this.#encoded?.node !== node) {
      const { stream, sequence } = state;
      this.#encoded = { node, block: { ...block.encode(node), stream, sequence } };
    }
    return this.#encoded.block;
  }

  /** Throws the file system's error. */
  shipped({ table, sequence, result }: ShippedAnswer, hub: string): void {
    const state = this.#state;
    const block = this.#blocks?.[state?.chunk?.done ?? 0];
    // The answer to a block that is not the next one: it came too late.
    if (state?.chunk === undefined || block === undefined || state.hub !== hub) return;
    if (state.sequence !== sequence || block.table !== table) return;
    this.#encoded = undefined;
    if (result === 'missing') {
      // The hub does not have this node's earlier blocks any more.
      this.#newStream(state, hub);
      this.#save(state);
      return;
    }
    const rows = table === 'packets' ? block.rows : 0;
    if (result === 'acknowledged') {
      state.sequence++;
      state.ledger.acked += rows;
    } else {
      state.ledger.rejected += rows;
      this.#options.warn(`A hub rejected a block of ${block.rows} rows of the table ${table} as malformed.`);
    }
    state.chunk.done++;
    if (state.chunk.done === this.#blocks?.length) this.#endChunk(state);
    this.#save(state);
  }

  /** Throws the file system's error. */
  close(): void {
    if (this.#state !== undefined && this.#isChanged) this.#save(this.#state);
  }

  /** The first time everything that is recorded is offered. */
  #begin(): ShipState {
    const newest = segmentsFrom(this.#options.recordDirectory, 0).at(-1)?.sequence ?? 0;
    return {
      hub: '',
      stream: newStream(),
      sequence: 1,
      all: false,
      next: { segment: this.#isDamaged ? newest + 1 : 0, offset: 0 },
      taken: 0,
      segments: [],
      ledger: { offered: 0, acked: 0, expired: 0, rejected: 0 },
    };
  }

  /** Another hub gets the blocks once the one before has not asked for some time; after a start, that has its time, too. */
  #isHubOf(state: ShipState, hub: string): boolean {
    if (state.hub === hub) return true;
    if (state.hub !== '') {
      if (this.#lastAsked === Number.NEGATIVE_INFINITY) this.#lastAsked = this.#options.now();
      const waitMs = state.chunk === undefined ? IDLE_SWITCH_MS : SWITCH_MS;
      if (this.#options.now() - this.#lastAsked < waitMs) return false;
    }
    this.#newStream(state, hub);
    this.#save(state);
    return true;
  }

  #newStream(state: ShipState, hub: string): void {
    state.hub = hub;
    state.stream = newStream();
    state.sequence = 1;
    this.#encoded = undefined;
  }

  #pending({ segments, taken, chunk }: ShipState): number {
    const counted = segments.reduce((sum, { selected }) => sum + selected, 0);
    const left = chunk === undefined ? [] : (this.#blocks?.slice(chunk.done) ?? []);
    return left.reduce((sum, { table, rows }) => (table === 'packets' ? sum + rows : sum), counted - taken);
  }

  /** Counts new records of known segments, new segments, and those that retention has deleted. */
  #count(state: ShipState): void {
    const { recordDirectory } = this.#options;
    const files = segmentsFrom(recordDirectory, state.next.segment);
    this.#expire(state, files);
    let left = SEGMENTS_AT_ONCE;
    const known = new Map(state.segments.map((each) => [each.number, each]));
    const last = state.segments.at(-1)?.number ?? 0;
    for (const file of files) {
      if (file.sequence < last) continue;
      // One that is gone was sealed or deleted meanwhile: the next list shows which, before later ones are counted.
      if (left-- === 0 || !this.#countSegment(state, file, known.get(file.sequence))) return;
    }
  }

  /** Returns whether the file is there. */
  #countSegment(state: ShipState, file: SegmentFile, known: CountedSegment | undefined): boolean {
    const segment = known ?? { number: file.sequence, records: 0, selected: 0, all: state.all };
    const { records, selected, all } = segment;
    const counted = orDamaged(() => countRecords(file, { records, denied: all ? 0 : selected }));
    if (counted === undefined) return false;
    if (known === undefined) state.segments.push(segment);
    // A damaged one offers nothing. With fewer records than before, some were forgotten.
    if (counted === 'damaged' || (known !== undefined && counted.records <= records)) return true;
    segment.records = counted.records;
    segment.selected = Math.max(selected, all ? counted.records : counted.denied);
    state.ledger.offered += segment.selected - selected;
    this.#isChanged = true;
    return true;
  }

  /** Segments that retention has deleted: those that were counted, and those that came and went in between. */
  #expire(state: ShipState, files: readonly SegmentFile[]): void {
    const there = new Set(files.map(({ sequence }) => sequence));
    const known = new Set(state.segments.map(({ number }) => number));
    const last = state.segments.at(-1)?.number ?? state.next.segment - 1;
    const before = files.find(({ sequence }) => sequence > last)?.sequence;
    if (before !== undefined && before > last + 1 && state.next.segment > 0) {
      for (const [number, { records, denies }] of this.#expiredBetween(last, before)) {
        if (known.has(number)) continue;
        const rows = state.all ? records : denies;
        state.ledger.offered += rows;
        state.ledger.expired += rows;
        this.#isChanged = true;
      }
    }
    for (const segment of [...state.segments]) if (!there.has(segment.number)) this.#lose(state, segment);
  }

  #expiredBetween(after: number, before: number): Map<number, { records: number; denies: number }> {
    const found = new Map<number, { records: number; denies: number }>();
    for (const entry of readJournal(this.#options.recordDirectory).entries) {
      if (entry.kind !== 'expired') continue;
      const number = parseSegmentName(entry.file)?.sequence;
      if (number !== undefined && number > after && number < before) found.set(number, entry);
    }
    return found;
  }

  /** Counts what is left of a segment as expired. */
  #lose(state: ShipState, segment: CountedSegment): void {
    const isFirst = segment.number === state.next.segment;
    state.ledger.expired += segment.selected - (isFirst ? state.taken : 0);
    this.#drop(state, segment);
  }

  #drop(state: ShipState, segment: CountedSegment): void {
    state.segments = state.segments.filter((each) => each !== segment);
    if (segment.number >= state.next.segment) {
      const next = state.segments[0]?.number ?? segment.number + 1;
      if (next > state.next.segment) {
        state.next = { segment: next, offset: 0 };
        state.taken = 0;
      }
    }
    this.#isChanged = true;
  }

  /** Takes the next records as the chunk. Returns whether there is one. */
  #take(state: ShipState): boolean {
    for (;;) {
      const [segment, ...later] = state.segments;
      if (segment === undefined) return false;
      if (segment.number > state.next.segment) {
        state.next = { segment: segment.number, offset: 0 };
        state.taken = 0;
      }
      const { offset } = state.next;
      const isLast = later.length === 0;
      if (segment.records <= offset) {
        if (isLast) return false;
        this.#endSegment(state, segment);
        continue;
      }
      const isGathering = this.#options.now() - this.#lastTaken < GATHER_MS;
      if (isLast && isGathering && segment.records - offset < MANY_RECORDS) return false;
      if (this.#takePart(state, segment)) return true;
    }
  }

  /** What was counted and is not there any more was forgotten. */
  #endSegment(state: ShipState, segment: CountedSegment): void {
    state.ledger.expired += segment.selected - state.taken;
    this.#drop(state, segment);
  }

  #takePart(state: ShipState, segment: CountedSegment): boolean {
    const { directory } = this.#options;
    const part = this.#read(state, segment);
    if (part === undefined || part === 'damaged') {
      if (part === 'damaged')
        this.#options.warn(`Segment ${segment.number} is damaged: its records are missing in the fleet’s history.`);
      this.#lose(state, segment);
      return false;
    }
    this.#lastTaken = this.#options.now();
    const rows = part.records.length / PACKET_LOG_SIZE;
    // Some were forgotten after they had been counted.
    state.ledger.expired += Math.max(0, segment.selected - state.taken - rows);
    state.taken = segment.selected;
    state.next = { segment: segment.number, offset: segment.records };
    this.#isChanged = true;
    if (part.sums.length === 0) return false;
    writeShipRecords(directory, part.records);
    state.chunk = { records: rows, sums: part.sums, done: 0 };
    this.#blocks = chunkBlocks(part.records, part.sums);
    this.#encoded = undefined;
    this.#save(state);
    return true;
  }

  /** Returns undefined if the segment is gone. */
  #read(state: ShipState, { number, records, all }: CountedSegment): ReadPart | 'damaged' | undefined {
    const { offset } = state.next;
    for (;;) {
      const file = segmentsFrom(this.#options.recordDirectory, number).find(({ sequence }) => sequence === number);
      if (file === undefined) return undefined;
      const part = orDamaged(() => readPart(file, offset, records, all));
      // Otherwise it was sealed, or deleted, after it had been listed.
      if (part !== undefined) return part;
    }
  }

  #readChunk(state: ShipState): void {
    const { chunk } = state;
    if (chunk === undefined) return;
    const records = readShipRecords(this.#options.directory);
    if (records.length === chunk.records * PACKET_LOG_SIZE) {
      this.#blocks = chunkBlocks(records, chunk.sums);
      return;
    }
    this.#options.warn('ship.records is damaged: its records are missing in the fleet’s history.');
    state.ledger.expired += chunk.records;
    delete state.chunk;
  }

  #endChunk(state: ShipState): void {
    delete state.chunk;
    this.#blocks = undefined;
  }

  #save(state: ShipState): void {
    writeShipState(this.#options.directory, state);
    if (state.chunk === undefined) removeShipRecords(this.#options.directory);
    this.#lastSaved = this.#options.now();
    this.#isChanged = false;
  }
}

const NONCE_BYTES = 32;
const newStream = (): string => randomBytes(NONCE_BYTES).toString('base64url');

function orDamaged<Value>(read: () => Value): Value | 'damaged' {
  try {
    return read();
  } catch (error) {
    if (error instanceof CorruptSegmentError) return 'damaged';
    throw error;
  }
}
