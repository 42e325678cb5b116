/**
 * `00000042.rates` beside a sealed segment: its sums by time, so that rates of a long range read no records
 * (docs/segments.md). A file that is missing, unreadable, damaged or of another segment costs only time.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { HISTORY_COLUMNS, RateSums, type RecordColumns, type SegmentFacts } from '@packetlog/common';
import type { SegmentFile } from './segment.ts';

const MAGIC = 'PKTRATE1';
const HEAD_BYTES = 44;
/** 10 columns of 2 to 6 bytes each for every step with packets. */
const MAX_STEPS = 120;
const NS_PER_SECOND = 1_000_000_000n;
/** Each divides the next: sums of a shorter step add up to those of a longer one. Seconds. */
const STEPS = [1n, 5n, 10n, 30n, 60n, 300n, 900n, 3600n];
const WIDTH = HISTORY_COLUMNS.length;
/** Nothing is lost within a segment. */
const LOST = HISTORY_COLUMNS.indexOf('lost');
const PACKETS = HISTORY_COLUMNS.indexOf('packets');

export function ratesPath(directory: string, sequence: number): string {
  return join(directory, `${String(sequence).padStart(8, '0')}.rates`);
}

/** Returns the sums of all records by the shortest step that is not too short; undefined: their times are too far apart. */
export function ratesOf(columns: RecordColumns, { firstNs, lastNs }: SegmentFacts): RateSums | undefined {
  for (const seconds of STEPS) {
    const stepNs = seconds * NS_PER_SECOND;
    const first = firstNs / stepNs;
    const steps = Number(lastNs / stepNs - first) + 1;
    if (steps > MAX_STEPS) continue;
    const sums = new RateSums(first * stepNs, stepNs, steps);
    sums.add(columns);
    return sums;
  }
  return undefined;
}

/** Writes the sums of a segment. Throws the error of the file system. */
export function writeRates(directory: string, { sequence, bytes }: SegmentFile, rates: RateSums, mode: number): void {
  writeFileSync(ratesPath(directory, sequence), encoded(rates, bytes), { mode });
}

/** Returns the size of the file; 0: there is none. */
export function ratesBytes(directory: string, sequence: number): number {
  return statSync(ratesPath(directory, sequence), { throwIfNoEntry: false })?.size ?? 0;
}

export function removeRates(directory: string, sequence: number): void {
  rmSync(ratesPath(directory, sequence), { force: true });
}

/** Returns the sums of a segment with these facts; undefined if they cannot be read or do not agree with the facts. */
export function readRates(
  directory: string,
  { sequence, bytes }: SegmentFile,
  facts: SegmentFacts,
): RateSums | undefined {
  const file = contentOf(ratesPath(directory, sequence));
  const rates = file && decoded(file, bytes, facts.records);
  return rates && agrees(rates, facts) ? rates : undefined;
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function agrees(rates: RateSums, { firstNs, lastNs, actions }: SegmentFacts): boolean {
  const sums = Object.values(actions);
  const endNs = rates.firstNs + BigInt(rates.steps) * rates.stepNs;
  return (
    rates.firstNs <= firstNs &&
    lastNs < endNs &&
    sumOf(rates.column('packets')) === sumOf(sums.map(({ packets }) => packets)) &&
    sumOf(rates.column('bytes')) === sumOf(sums.map(({ bytes }) => bytes)) &&
    sumOf(rates.column('denied')) === actions.deny.packets &&
    sumOf(rates.column('denied_bytes')) === actions.deny.bytes
  );
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function encoded({ firstNs, stepNs, steps, records, sums }: RateSums, segmentBytes: number): Uint8Array {
  const values: number[] = [];
  let last = -1;
  for (let step = 0; step < steps; step++) {
    if (sums[step * WIDTH + PACKETS] === 0) continue;
    pushVarint(values, step - last);
    last = step;
    for (let i = 0; i < WIDTH; i++) if (i !== LOST) pushVarint(values, sums[step * WIDTH + i] as number);
  }
  const bytes = Buffer.alloc(HEAD_BYTES + values.length);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(records, 12);
  bytes.writeBigUInt64LE(BigInt(segmentBytes), 16);
  bytes.writeBigUInt64LE(firstNs, 24);
  bytes.writeBigUInt64LE(stepNs, 32);
  bytes.writeUInt32LE(steps, 40);
  bytes.set(values, HEAD_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

function decoded(bytes: Buffer, segmentBytes: number, records: number): RateSums | undefined {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(12))) return undefined;
  if (bytes.readUInt32LE(12) !== records || bytes.readBigUInt64LE(16) !== BigInt(segmentBytes)) return undefined;
  const firstNs = bytes.readBigUInt64LE(24);
  const stepNs = bytes.readBigUInt64LE(32);
  const steps = bytes.readUInt32LE(40);
  if (stepNs === 0n || firstNs % stepNs !== 0n || steps > MAX_STEPS) return undefined;
  const rates = new RateSums(firstNs, stepNs, steps);
  const values = new Varints(bytes, HEAD_BYTES);
  for (let step = -1; !values.isAtEnd; ) {
    step += values.next();
    if (step >= steps) return undefined;
    for (let i = 0; i < WIDTH; i++) if (i !== LOST) rates.sums[step * WIDTH + i] = values.next();
  }
  rates.records = records;
  return rates;
}

/** 7 bits per byte, lowest first; the highest bit says that another byte follows. */
function pushVarint(values: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    values.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  values.push(rest);
}

class Varints {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
