import { describe, expect, it } from 'vitest';
import { makeSlabMemory, SLAB_BYTES, Slabs } from './slabs.ts';

const takeAll = (slabs: Slabs, count: number) => Array.from({ length: count }, () => slabs.take());

describe('Slabs', () => {
  it('gives each slab once, then none', () => {
    const slabs = new Slabs(makeSlabMemory(4));
    expect(new Set(takeAll(slabs, 4))).toEqual(new Set([0, 1, 2, 3]));
    expect(slabs.take()).toBeUndefined();
    expect(slabs.free()).toBe(0);
  });

  it('returns a slab again after the other thread released it', () => {
    const memory = makeSlabMemory(3);
    const [writer, reader] = [new Slabs(memory), new Slabs(memory)];
    takeAll(writer, 3);
    expect(writer.isFree(1)).toBe(false);
    reader.release(1);
    expect(writer.isFree(1)).toBe(true);
    expect(writer.free()).toBe(1);
    expect([writer.take(), writer.take()]).toEqual([1, undefined]);
  });

  it('touches no more slabs than are held at once', () => {
    const slabs = new Slabs(makeSlabMemory(3));
    const order: (number | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      const slab = slabs.take();
      order.push(slab);
      if (slab !== undefined) slabs.release(slab);
    }
    expect(order).toEqual([0, 0, 0, 0]);
  });

  it('shows both threads the same bytes, and each slab its own', () => {
    const memory = makeSlabMemory(2);
    const [writer, reader] = [new Slabs(memory), new Slabs(memory)];
    writer.bytes(0).fill(7);
    writer.bytes(1).fill(9);
    expect(reader.bytes(0)).toHaveLength(SLAB_BYTES);
    expect(reader.bytes(0).every((byte) => byte === 7)).toBe(true);
    expect(reader.bytes(1).every((byte) => byte === 9)).toBe(true);
  });
});
