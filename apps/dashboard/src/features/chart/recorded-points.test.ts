import { HISTORY_COLUMNS, type PastRates } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { recordedPoints, recordedSums } from './recorded-points.ts';

function makeRates(packets: number[], missing: PastRates['coverage']['missing'] = []): PastRates {
  const columns = Object.fromEntries(
    HISTORY_COLUMNS.map((name) => [name, name === 'packets' || name === 'lost' ? packets : packets.map(() => 0)]),
  ) as PastRates['columns'];
  return { step_ms: 10_000, first_at_ms: 100_000, columns, coverage: { packets: 0, records: 0, missing } };
}

describe('recordedPoints', () => {
  it('are rates per second of the part of a step that was asked for, and counts of lost rows', () => {
    const points = recordedPoints(makeRates([50, 100, 20]), { fromMs: 105_000, toMs: 122_000 });
    expect(points.map(({ fromMs, rates }) => [fromMs, rates?.packets, rates?.lost])).toEqual([
      [100_000, 10, 50],
      [110_000, 10, 100],
      [120_000, 10, 20],
    ]);
  });

  it('are unknown where nothing was recorded, and zero where no packet came', () => {
    const missing = [{ kind: 'not_recorded', to_ms: 110_000, message: 'PacketLog was not running.' }] as const;
    const points = recordedPoints(makeRates([0, 0, 20], [...missing]), { fromMs: 100_000, toMs: 130_000 });
    expect(points.map(({ rates }) => rates?.packets ?? null)).toEqual([null, 0, 2]);
  });
});

describe('recordedSums', () => {
  const span = { fromMs: 100_000, toMs: 120_000 };

  it('add up all steps', () => expect(recordedSums(makeRates([3, 4]), span)?.packets).toBe(7));

  it('are unknown if nothing was recorded', () => {
    const nothing = makeRates([0, 0], [{ kind: 'expired', to_ms: 130_000, message: 'These packets were deleted.' }]);
    expect(recordedSums(nothing, span)).toBeNull();
  });
});
