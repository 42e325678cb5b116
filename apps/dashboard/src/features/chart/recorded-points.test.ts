import { HISTORY_COLUMNS, type PastRates } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { knownSpan, recordedPoints, recordedSums } from './recorded-points.ts';

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

describe('recordedPoints of several nodes', () => {
  it('are unknown only where no node has figures', () => {
    const missing = [
      { kind: 'not_recorded', to_ms: 120_000, message: 'PacketLog was not running.', node: 'a' },
      { kind: 'not_recorded', to_ms: 110_000, message: 'PacketLog was not running.', node: 'b' },
    ] as const;
    const nodes = { answered: ['a', 'b'], without: [] };
    const rates = { ...makeRates([0, 0, 20]), coverage: { packets: 20, records: 20, missing, nodes } };
    const points = recordedPoints(rates, { fromMs: 100_000, toMs: 130_000 });
    expect(points.map((point) => point.rates?.packets ?? null)).toEqual([null, 0, 2]);
  });
});

describe('knownSpan', () => {
  const span = { fromMs: 100_000, toMs: 160_000 };
  const live = (since_ms: number, counted_to_ms: number) =>
    knownSpan({ ...makeRates([]), since_ms, counted_to_ms, total: { packets: 0, records: 0, missing: [] } }, span);

  it('is the span itself for recorded packets', () => expect(knownSpan(makeRates([]), span)).toEqual(span));

  it('is the time that live sums cover, without short parts of a step at its edges', () => {
    expect(live(112_000, 148_000)).toEqual({ fromMs: 112_000, toMs: 148_000 });
    expect(live(119_600, 140_300)).toEqual({ fromMs: 120_000, toMs: 140_000 });
    expect(live(50_000, 170_000)).toEqual(span);
  });

  it('leaves no rate outside of it', () => {
    const rates = recordedPoints(makeRates([40, 100, 20]), { fromMs: 112_000, toMs: 122_000 }).map(
      (point) => point.rates,
    );
    expect(rates.map((each) => each?.packets ?? null)).toEqual([null, 12.5, 10]);
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
