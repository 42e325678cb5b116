import { describe, expect, it } from 'vitest';
import { numberedRecord } from '../../test/support/fake-ring.ts';
import { ReaderMeter } from './reader-meter.ts';
import type { RingReader } from './ring-reader.ts';

const ring = (pending = 0) => ({ capacity: 1000, pending: () => pending }) as unknown as RingReader;

describe('the meter of the reader', () => {
  it('keeps the highest fill, with what was left in the ring, until it is taken', () => {
    const meter = new ReaderMeter([ring(), ring()]);
    expect(meter.ringBytes).toBe(2000);
    meter.drained(ring(), { records: 1, bytes: 100, discarded: 0 }, false);
    meter.drained(ring(500), { records: 2, bytes: 200, discarded: 0 }, true);
    meter.drained(ring(), { records: 0, bytes: 0, discarded: 0 }, false);
    expect(meter.take().ring_fill).toBe(0.7);
    expect(meter.take().ring_fill).toBe(0);
    meter.drained(ring(5000), { records: 2, bytes: 200, discarded: 0 }, true);
    expect(meter.take().ring_fill).toBe(1);
  });

  it('keeps the highest age of a first record', () => {
    const meter = new ReaderMeter([ring()]);
    meter.span(recordOf(Date.now() - 1500), 0);
    const { lag_ms } = meter.take();
    expect(lag_ms).toBeGreaterThanOrEqual(1499);
    expect(lag_ms).toBeLessThan(60_000);
    expect(meter.take().lag_ms).toBe(0);
  });

  it('reports no age for a record from the future: the wall clock was set back', () => {
    const meter = new ReaderMeter([ring()]);
    meter.span(recordOf(Date.now() + 60_000), 0);
    expect(meter.take().lag_ms).toBe(0);
  });
});

function recordOf(atMs: number): Uint8Array {
  const record = numberedRecord(1);
  new DataView(record.buffer, record.byteOffset).setBigUint64(0, BigInt(atMs) * 1_000_000n, true);
  return record;
}
