// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { type LimitFields, limitNumbers } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LimitBuckets, type Measured, Room } from './limit-buckets.ts';

const SECOND = 1e9;
const buckets = (fields: LimitFields, room = 1000) => new LimitBuckets(limitNumbers(fields), new Room(room));
const packet = (more: Partial<Measured> = {}): Measured => ({
  ...{ key: 0xc000_0201, atNs: 0, weight: 1, length: 100, port: 22 },
  ...more,
});
const send = (
  limit: LimitBuckets,
  count: number,
  more: Partial<Measured> | ((i: number) => Partial<Measured>) = {},
) => {
  for (let i = 0; i < count; i++) limit.add(packet(typeof more === 'function' ? more(i) : more));
  return limit;
};

describe('the buckets of a limit', () => {
  it('have room for the burst, and for the rate from then on', () => {
    const limit = send(buckets({ rate: '20/min' }), 30);
    expect([limit.seen, limit.over, limit.overBuckets]).toEqual([30, 10, 1]);
    send(limit, 5, { atNs: 9 * SECOND });
    expect(limit.over).toBe(12);
    expect(limit.firstOverNs).toBe(0);
    expect(limit.largest()).toEqual([{ bucket: '192.0.2.1', over: 12 }]);
  });

  it('never have too many packets of a sender that keeps to the rate in each of its times', () => {
    const property = fc.property(fc.array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 200 }), (pauses) => {
      const limit = buckets({ rate: '20/s' });
      const sent: number[] = [];
      let atMs = 0;
      for (const pause of pauses) {
        atMs += pause;
        // At most 20 in every second.
        const before = sent[sent.length - 20];
        if (before !== undefined && before > atMs - 1000) continue;
        sent.push(atMs);
        limit.add(packet({ atNs: atMs * 1e6 }));
      }
      expect(limit.over).toBe(0);
    });
    fc.assert(property);
  });

  it('never pass more than the burst and the rate', () => {
    const property = fc.property(fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 300 }), (pauses) => {
      const limit = buckets({ rate: '20/s', burst: 5 });
      let atMs = 0;
      for (const pause of pauses) {
        atMs += pause;
        limit.add(packet({ atNs: atMs * 1e6 }));
      }
      expect(limit.seen - limit.over).toBeLessThanOrEqual(5 + Math.floor((atMs * 20) / 1000));
    });
    fc.assert(property);
  });

  it('are separate for each key, measure bytes, and count a sampled record by its weight', () => {
    const limit = send(buckets({ rate: '10/h' }), 20, (i) => ({ key: i % 2 }));
    expect(limit.over).toBe(0);
    const bytes = send(buckets({ rate: '1000/h', measure: 'bytes' }), 3, { length: 400 });
    expect(bytes.over).toBe(1);
    const sampled = send(buckets({ rate: '10/h' }), 1, { weight: 64 });
    expect([sampled.seen, sampled.over]).toEqual([64, 54]);
  });

  it('are blocked from the first packet that is over, for the time of the block only', () => {
    const limit = send(buckets({ rate: '10/s', then: 'block:60s' }), 11);
    send(limit, 5, { atNs: 59 * SECOND });
    expect(limit.over).toBe(6);
    send(limit, 10, { atNs: 60 * SECOND });
    expect(limit.over).toBe(6);
  });

  it('charge a port once among the last 24', () => {
    const limit = send(buckets({ rate: '3/h', measure: 'ports' }), 12, (i) => ({ port: 1 + (i % 3) }));
    expect(limit.over).toBe(0);
    send(limit, 2, { port: 4 });
    expect(limit.over).toBe(2);
    send(limit, 3, (i) => ({ port: 1 + i }));
    expect(limit.over).toBe(2);
  });

  it('give up no packet while empty buckets can be forgotten, and count what is not evaluated otherwise', () => {
    const limit = buckets({ rate: '10/s' }, 4);
    send(limit, 40, (i) => ({ key: i, atNs: i * SECOND }));
    expect(limit.notEvaluated).toBe(0);
    const full = send(buckets({ rate: '10/h' }, 4), 40, (i) => ({ key: i % 8 }));
    expect([full.seen, full.notEvaluated, full.over]).toEqual([40, 20, 0]);
  });

  it.each([
    ['source/24', 0xc000_0200, '192.0.2.0/24'],
    ['source', '20010db800000001', '2001:db8:0:1::/64'],
    ['port', (17 << 16) | 53, 'udp port 53'],
    ['rule', 0, 'all'],
  ])('per %s are named', (per, key, name) => {
    expect(send(buckets({ rate: '1/h', per }), 2, { key }).largest()).toEqual([{ bucket: name, over: 1 }]);
  });
});
