/** `00000042.rates` beside a sealed segment: its sums by time, so that rates of a long range read no records. */
import {
  HISTORY_COLUMNS,
  RateSums,
  type RecordColumns,
  type SegmentFacts,
  SegmentFormatError,
} from '@packetlog/common';
import type { SegmentFile } from './segment.ts';
import { readSums, writeSums } from './sums-file.ts';
import { VarintReader, VarintWriter } from './varints.ts';

const MAX_SUM = Number.MAX_SAFE_INTEGER;
/** Start of the first step, the step, number of steps. */
const HEAD_BYTES = 20;
/** 10 columns of 2 to 6 bytes each for every step with packets. */
const MAX_STEPS = 120;
const NS_PER_SECOND = 1_000_000_000n;
/** Each divides the next: sums of a shorter step add up to those of a longer one. Seconds. */
const STEPS = [1n, 5n, 10n, 30n, 60n, 300n, 900n, 3600n];
const WIDTH = HISTORY_COLUMNS.length;
/** Nothing is lost within a segment. */
const LOST = HISTORY_COLUMNS.indexOf('lost');
const PACKETS = HISTORY_COLUMNS.indexOf('packets');

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
export function writeRates(directory: string, file: SegmentFile, rates: RateSums, mode: number): void {
  writeSums(directory, file, 'rates', { records: rates.records, content: encoded(rates), mode });
}

/** Returns the sums of a segment with these facts; undefined if they cannot be read or do not agree with the facts. */
export function readRates(directory: string, file: SegmentFile, facts: SegmentFacts): RateSums | undefined {
  const content = readSums(directory, file, 'rates', facts);
  const rates = content && decoded(content, facts.records);
  return rates && agrees(rates, facts) ? rates : undefined;
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

function encoded({ firstNs, stepNs, steps, sums }: RateSums): Uint8Array {
  const writer = new VarintWriter();
  let last = -1;
  for (let step = 0; step < steps; step++) {
    if (sums[step * WIDTH + PACKETS] === 0) continue;
    writer.write(step - last);
    last = step;
    for (let i = 0; i < WIDTH; i++) if (i !== LOST) writer.write(sums[step * WIDTH + i] as number);
  }
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigUInt64LE(firstNs, 0);
  head.writeBigUInt64LE(stepNs, 8);
  head.writeUInt32LE(steps, 16);
  return Buffer.concat([head, writer.bytes()]);
}

function decoded(content: Buffer, records: number): RateSums | undefined {
  if (content.length < HEAD_BYTES) return undefined;
  const firstNs = content.readBigUInt64LE(0);
  const stepNs = content.readBigUInt64LE(8);
  const steps = content.readUInt32LE(16);
  if (stepNs === 0n || firstNs % stepNs !== 0n || steps > MAX_STEPS) return undefined;
  const rates = new RateSums(firstNs, stepNs, steps);
  const reader = new VarintReader(content.subarray(HEAD_BYTES));
  try {
    for (let step = -1; !reader.isAtEnd; ) {
      step += reader.read(steps);
      if (step >= steps) return undefined;
      for (let i = 0; i < WIDTH; i++) if (i !== LOST) rates.sums[step * WIDTH + i] = reader.read(MAX_SUM);
    }
  } catch (error) {
    if (error instanceof SegmentFormatError) return undefined;
    throw error;
  }
  rates.records = records;
  return rates;
}
