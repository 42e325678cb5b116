import { describe, expect, it } from 'vitest';
import { expiredSegments, type KeptSegment } from './retention.ts';

const segments: KeptSegment[] = [1, 2, 3].map((sequence) => ({
  sequence,
  bytes: 100,
  records: 10,
  toNs: BigInt(sequence * 1000),
}));

const expired = (maxBytes: number, oldestNs?: bigint, otherBytes = 0) =>
  expiredSegments(segments, otherBytes, { maxBytes, oldestNs }).map(({ sequence }) => sequence);

describe('expiredSegments', () => {
  it('keeps what fits, and deletes the oldest first', () => {
    expect(expired(300)).toEqual([]);
    expect(expired(299)).toEqual([1]);
    expect(expired(100)).toEqual([1, 2]);
    expect(expired(0)).toEqual([1, 2, 3]);
  });

  it('leaves what is protected, whatever its age, and deletes later segments instead', () => {
    const isProtected = ({ sequence }: KeptSegment) => sequence === 1;
    const of = (maxBytes: number, oldestNs?: bigint) =>
      expiredSegments(segments, 0, { maxBytes, oldestNs }, isProtected).map(({ sequence }) => sequence);
    expect(of(300)).toEqual([]);
    expect(of(200)).toEqual([2]);
    expect(of(0)).toEqual([2, 3]);
    expect(of(300, 9999n)).toEqual([2, 3]);
  });

  it('leaves room for the other files', () => {
    expect(expired(300, undefined, 1)).toEqual([1]);
  });

  it('deletes segments whose newest packet is too old', () => {
    expect(expired(300, 1000n)).toEqual([]);
    expect(expired(300, 1001n)).toEqual([1]);
    expect(expired(300, 9999n)).toEqual([1, 2, 3]);
  });
});
