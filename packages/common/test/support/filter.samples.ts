/** Samples of the arbitraries, the same for the same seed, for tests that have no fast-check. */
import fc from 'fast-check';
import type { Filter } from '../../src/filter/filter.ts';
import type { PacketLog } from '../../src/record/packet-log.ts';
import { filter, INTERFACES, nearRecord } from './filter.arbitrary.ts';

export const sampleInterfaces: ReadonlyMap<string, readonly number[]> = INTERFACES;

export function sampleFilters(count: number, seed: number): readonly Filter[] {
  return fc.sample(filter, { numRuns: count, seed });
}

export function sampleRecords(count: number, seed: number): readonly PacketLog[] {
  return fc.sample(nearRecord, { numRuns: count, seed });
}
