/** The checker of the sequence tests detects every kind of damage. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Checker, type Tally } from './checker.mjs';

const WORDS = 16;
const CPU = 3;
/** Any time is valid unless it is before the last one. */
const TIME_BYTES = 8;

/** Returns the record that the program writes of packet `number`, one microsecond after the one before. */
function record(number: number): Int32Array {
  const bytes = new DataView(new ArrayBuffer(4 * WORDS));
  bytes.setBigUint64(0, 0xffff_ff00n + BigInt(number) * 1000n, true);
  bytes.setUint16(18, 0xffff, true);
  bytes.setUint32(20, number, true);
  bytes.setUint16(34, 0xffff, true);
  bytes.setUint32(36, Math.imul(number, 0x9e3779b1) >>> 0, true);
  bytes.setUint32(44, 1, true);
  bytes.setUint16(48, 60, true);
  bytes.setUint16(50, 1, true);
  bytes.setUint16(52, CPU, true);
  bytes.setUint16(54, ~number & 0xffff, true);
  bytes.setUint16(56, 0x0800, true);
  bytes.setUint8(60, 17);
  bytes.setUint8(62, 2);
  return new Int32Array(bytes.buffer);
}

describe('the checker of numbered records', () => {
  let checker: Checker;
  beforeEach(() => {
    checker = new Checker();
  });
  const check = (...records: Int32Array[]): Tally | undefined => {
    const words = new Int32Array(records.length * WORDS);
    for (const [i, each] of records.entries()) words.set(each, i * WORDS);
    checker.check(words, 0, records.length, WORDS);
    return checker.tallies.get(CPU);
  };

  test('accepts intact records, over several spans', () => {
    check(record(0), record(1));
    expect(check(record(2), record(3))).toMatchObject({
      ...{ received: 4, next: 4, missing: 0, backwards: 0, early: 0, wrong: 0, weights: 4, variance: 0 },
    });
  });

  test('counts missing numbers', () => {
    expect(check(record(2), record(5))).toMatchObject({ received: 2, missing: 4, backwards: 0 });
  });

  test('counts records in a row with the same time, also over the end of a span', () => {
    const at = (number: number, ns: bigint) => {
      const numbered = record(number);
      new DataView(numbered.buffer).setBigUint64(0, ns, true);
      return numbered;
    };
    check(at(0, 5n), at(1, 7n), at(2, 7n));
    expect(check(at(3, 7n), at(4, 8n), at(5, 8n))).toMatchObject({ early: 0, sameTime: 2, longestSameTime: 3 });
    expect(check(at(6, 8n + (1n << 32n)))).toMatchObject({ sameTime: 1, longestSameTime: 3 });
  });

  test('detects a duplicate record, and one out of order', () => {
    expect(check(record(0), record(1), record(1))).toMatchObject({ backwards: 1 });
    expect(check(record(7), record(6))).toMatchObject({ backwards: 2, early: 1 });
  });

  test.each(Array.from({ length: 4 * WORDS - TIME_BYTES }, (_, i) => TIME_BYTES + i))(
    'detects that byte %i belongs to another record',
    (byte) => {
      const torn = new Uint8Array(record(1).buffer);
      torn[byte] = (torn[byte] ?? 0) ^ 0x80;
      const tally = check(record(0), new Int32Array(torn.buffer), record(2));
      const { wrong = 0, backwards = 0, missing = 0, early = 0, weights = 3 } = tally ?? {};
      const elsewhere = tally ? 0 : 1;
      expect(wrong + backwards + missing + early + Math.abs(weights - 3) + elsewhere).toBeGreaterThan(0);
    },
  );
});
