import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { columnsOf, factsOf, HISTORY_COLUMNS, PACKET_LOG_SIZE, RateSums } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GeneratedTraffic } from '../../../test/support/generated-traffic.ts';
import { ratesOf, readRates } from './segment-rates.ts';
import { removeSums, sumsPath } from './sums-file.ts';
import { writeSegment } from './write-segment.ts';

const SECOND = 1_000_000_000n;
const T = 1_700_000_000n * SECOND;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-rates-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Records whose times span this many seconds. */
function spanning(seconds: number, count = 2000): Uint8Array {
  const records = new GeneratedTraffic({ seed: 5, startNs: T }).take(count);
  const view = new DataView(records.buffer);
  for (let i = 0; i < count; i++) {
    const ns = T + (BigInt(seconds) * SECOND * BigInt(i)) / BigInt(count - 1);
    view.setBigUint64(i * PACKET_LOG_SIZE, ns, true);
  }
  return records;
}

describe('the sums of a segment by time', () => {
  it('are written beside it, for its owner only, and add up to those of its records', () => {
    const records = spanning(100);
    const file = writeSegment(directory, 7, records, { node: 'n' });
    expect(statSync(sumsPath(directory, 7, 'rates')).mode & 0o777).toBe(0o600);
    const rates = readRates(directory, file, file.index);
    const expected = new RateSums(T, SECOND, 101);
    expected.add(columnsOf(records));
    expect(rates).toEqual(expected);
    const coarse = new RateSums(T - (T % (300n * SECOND)), 300n * SECOND, 2);
    coarse.addSums(rates as RateSums);
    const all = new RateSums(coarse.firstNs, coarse.stepNs, 2);
    all.add(columnsOf(records));
    for (const name of HISTORY_COLUMNS) expect(coarse.column(name)).toEqual(all.column(name));
    expect(coarse.records).toBe(2000);
  });

  it.each([
    [0, 1n],
    [118, 1n],
    [200, 5n],
    [3500, 30n],
    [7000, 60n],
    [400_000, 3600n],
  ])('of %i seconds have steps of %i s', (seconds, step) => {
    const columns = columnsOf(spanning(seconds));
    expect(ratesOf(columns, factsOf(columns))?.stepNs).toBe(step * SECOND);
  });

  it('are not written where the clock was set', () => {
    const columns = columnsOf(spanning(1_000_000));
    expect(ratesOf(columns, factsOf(columns))).toBeUndefined();
  });

  it('are not used if they are damaged, missing, or of another segment', () => {
    const file = writeSegment(directory, 7, spanning(100), { node: 'n' });
    const path = sumsPath(directory, 7, 'rates');
    const whole = readFileSync(path);
    expect(readRates(directory, { ...file, bytes: file.bytes + 1 }, file.index)).toBeUndefined();
    expect(readRates(directory, file, { ...file.index, records: 1999 })).toBeUndefined();
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      writeFileSync(path, damaged);
      expect(readRates(directory, file, file.index)).toBeUndefined();
      writeFileSync(path, whole.subarray(0, at));
      expect(readRates(directory, file, file.index)).toBeUndefined();
    }
    removeSums(directory, 7);
    expect(readRates(directory, file, file.index)).toBeUndefined();
    mkdirSync(path);
    expect(readRates(directory, file, file.index)).toBeUndefined();
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['a sum of packets', (bytes) => bytes.writeUInt8(bytes.readUInt8(45) + 1, 45)],
    ['no step', (bytes) => bytes.writeBigUInt64LE(0n, 32)],
    ['a start within a step', (bytes) => bytes.writeBigUInt64LE(T - 1n, 24)],
    ['an earlier time', (bytes) => bytes.writeBigUInt64LE(T - SECOND, 24)],
    ['a later time', (bytes) => bytes.writeBigUInt64LE(T + SECOND, 24)],
    ['too many steps', (bytes) => bytes.writeUInt32LE(2 ** 32 - 1, 40)],
  ])('are not used if they do not agree with the segment: %s', (_, change) => {
    const file = writeSegment(directory, 7, spanning(100), { node: 'n' });
    const bytes = readFileSync(sumsPath(directory, 7, 'rates'));
    change(bytes);
    bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
    writeFileSync(sumsPath(directory, 7, 'rates'), bytes);
    expect(readRates(directory, file, file.index)).toBeUndefined();
  });

  it.each([
    ['packets', -1, 0],
    ['bytes', -1, 0],
    ['packets', -1, 1],
    ['bytes', -1, 1],
  ] as const)('are not used if the %s of the segment differ by %i permitted, %i denied', (name, permitted, denied) => {
    const file = writeSegment(directory, 7, spanning(100), { node: 'n' });
    const { deny, permit } = file.index.actions;
    const actions = {
      ...file.index.actions,
      deny: { ...deny, [name]: deny[name] + denied },
      permit: { ...permit, [name]: permit[name] + permitted },
    };
    expect(readRates(directory, file, { ...file.index, actions })).toBeUndefined();
  });
});
