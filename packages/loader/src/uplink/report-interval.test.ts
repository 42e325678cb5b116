import { expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { ReportInterval } from './report-interval.ts';

const source = (addr: string, packets: number) => ({ addr, packets, bytes: packets * 10 });

it('sums the seconds of an interval, and begins with nothing again', () => {
  const interval = new ReportInterval(1000);
  interval.add({ ...emptySummary, total: { packets: 3, bytes: 30 }, top_sources: [source('a', 1), source('b', 2)] });
  interval.add({ ...emptySummary, total: { packets: 4, bytes: 40 }, top_sources: [source('a', 4)] });
  expect(interval.take(3000)).toMatchObject({
    ...{ interval_ms: 2000, packets: 7, bytes: 70 },
    top_sources: [source('a', 5), source('b', 2)],
  });
  // The clock was set back.
  expect(interval.take(2000)).toEqual({
    ...{ interval_ms: 1, packets: 0, bytes: 0, denied: 0, top_sources: [], top_ports: [] },
  });
});

it('keeps the largest of many sources', () => {
  const interval = new ReportInterval(0);
  for (let i = 0; i < 5000; i++) {
    interval.add({ ...emptySummary, top_sources: [source(`s${i}`, 1), source('large', 1)] });
  }
  const { top_sources } = interval.take(1);
  expect(top_sources).toHaveLength(10);
  expect(top_sources[0]).toEqual(source('large', 5000));
});
