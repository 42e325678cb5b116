import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordsOf } from '../../test/made-traffic.ts';
import { FIELD_OFFSETS, PACKET_LOG_SIZE } from '../record/layout.ts';
import { NewSources } from './new-sources.ts';

const LEARNT_S = 30;

/** Counts sources from second LEARNT_S on; `send` adds a packet of each in the second that ends at `second`. */
function counting({ seed = 1 } = {}) {
  const counts = new NewSources({ seed }, 0);
  const send = (sources: readonly string[], { weight = 1 } = {}) =>
    counts.add(recordsOf(sources.map((src) => ({ ms: 0, src, weight }))), 0, sources.length, PACKET_LOG_SIZE);
  const second = (at: number) => counts.second(at * 1000);
  second(LEARNT_S - 1);
  second(LEARNT_S);
  return { counts, send, second };
}

describe('new sources', () => {
  it('are unknown for 30 s, in which the sources become known', () => {
    const counts = new NewSources({ seed: 1 }, 5000);
    const records = recordsOf([{ ms: 0, src: '203.0.113.1' }]);
    counts.add(records, 0, 1, PACKET_LOG_SIZE);
    expect(counts.second(6000)).toBeUndefined();
    expect(counts.second(34_999)).toBeUndefined();
    counts.add(records, 0, 1, PACKET_LOG_SIZE);
    expect(counts.second(35_999)).toBe(0);
  });

  it('are counted once, however many packets they send, and per second', () => {
    const { send, second } = counting();
    send(['203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.1', '203.0.113.2']);
    expect(second(LEARNT_S + 2)).toBeCloseTo(1);
    send(['203.0.113.2', '203.0.113.1', '203.0.113.3']);
    expect(second(LEARNT_S + 3)).toBeCloseTo(1);
  });

  it('of IPv6 are networks of 64 bits, of IPv4 addresses', () => {
    const { send, second } = counting();
    send([
      '2001:db8::1',
      '2001:db8::2',
      '2001:db8:0:0:ffff::',
      '2001:db8:0:1::1',
      '192.0.2.1',
      '192.0.2.2',
      '192.1.2.1',
    ]);
    expect(second(LEARNT_S + 1)).toBeCloseTo(5);
  });

  it('count once also in a sample: the value is a lower bound', () => {
    const { send, second } = counting();
    send(['203.0.113.1', '203.0.113.2'], { weight: 1000 });
    expect(second(LEARNT_S + 1)).toBeCloseTo(2);
  });

  it('are those that sent nothing for 10 minutes, and again after 20 at the latest', () => {
    const step = fc.record({
      pause: fc.constantFrom(1, 2, 59, 299, 600, 1201),
      sources: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(), (steps, seed) => {
        const { send, second } = counting({ seed });
        const sent = new Map<number, number>();
        let now = LEARNT_S;
        for (const { pause, sources } of steps) {
          // The packets arrive in the last of these seconds.
          for (let i = 1; i < pause; i++) expect(second(++now)).toBe(0);
          send(sources.map((source) => `203.0.113.${source}`));
          now++;
          const silent = [...new Set(sources)].map((source) => now - (sent.get(source) ?? Number.NEGATIVE_INFINITY));
          const counted = Math.round(second(now) ?? Number.NaN);
          expect(counted).toBeGreaterThanOrEqual(silent.filter((each) => each > 1201).length);
          expect(counted).toBeLessThanOrEqual(silent.filter((each) => each >= 600).length);
          for (const source of sources) sent.set(source, now);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are estimated within 10 %, however full the filter is, up to 200,000/s', () => {
    const { counts, second } = counting();
    const records = new Uint8Array(1000 * PACKET_LOG_SIZE);
    const words = new Int32Array(records.buffer);
    const from = FIELD_OFFSETS.src_addr / 4;
    let next = 1;
    /** Adds sources that were not there before. */
    const flood = (sources: number) => {
      for (let done = 0; done < sources; done += 1000) {
        for (let i = 0; i < 1000; i++) {
          const at = (i * PACKET_LOG_SIZE) / 4 + from;
          words[at + 2] = -65536;
          words[at + 3] = Math.imul(next++, 0x9e3779b1);
        }
        counts.add(records, 0, 1000, PACKET_LOG_SIZE);
      }
    };
    const estimates: number[] = [];
    for (let i = 1; i <= 60; i++) {
      const sources = i % 4 === 0 ? 3000 : 150_000;
      flood(sources);
      estimates.push((second(LEARNT_S + i) ?? Number.NaN) / sources);
    }
    expect(Math.min(...estimates)).toBeGreaterThan(0.9);
    expect(Math.max(...estimates)).toBeLessThan(1.1);
    flood(400_000);
    expect(second(LEARNT_S + 61)).toBeGreaterThan(200_000 * 0.9);
    expect(second(LEARNT_S + 62)).toBe(0);
  });
});
