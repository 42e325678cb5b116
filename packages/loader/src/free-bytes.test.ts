import { expect, it } from 'vitest';
import { freeBytes } from './free-bytes.ts';

it('frees the memory of an array, of any type', () => {
  for (const array of [new Uint8Array(100), new Float64Array(5), Buffer.allocUnsafeSlow(100)]) {
    freeBytes(array);
    expect(array.byteLength).toBe(0);
  }
});

it('leaves the pool of node:buffer as it is: other buffers are in it', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')];
  expect(one.buffer).toBe(other.buffer);
  freeBytes(one);
  expect([one.toString(), other.toString()]).toEqual(['one', 'other']);
});
