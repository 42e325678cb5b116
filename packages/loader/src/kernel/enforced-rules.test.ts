import { RULE_HEADER, RULE_LINE } from '@packetlog/bpf';
import { describe, expect, it, vi } from 'vitest';
import { stillHolds } from './enforced-rules.ts';

const NAMESPACE_OFFSET_NS = 900n;
vi.mock('./time-namespace.ts', () => ({
  CLOCK_OFFSETS: { monotonic: 900n, boottime: 900n },
  toKernelMonotonic: (ns: bigint) => ns - 900n,
}));
vi.mock('../native/libc.ts', async (original) => ({ ...(await original<object>()), monotonicTime: () => 1000n }));

const KERNEL_NOW_NS = 1000n - NAMESPACE_OFFSET_NS;

function imageUntil(untilNs: bigint): Uint8Array {
  const image = new Uint8Array(RULE_LINE.size);
  new DataView(image.buffer).setBigUint64(RULE_HEADER.until_mono_ns, untilNs, true);
  return image;
}

describe('a provisional image, read in a time namespace', () => {
  it.each([
    ['holds', 'later', KERNEL_NOW_NS + 1n, true],
    ['has expired', 'now', KERNEL_NOW_NS, false],
  ])('%s if its end is %s by the clock of the kernel', (_, __, untilNs, holds) => {
    expect(stillHolds(imageUntil(untilNs))).toBe(holds);
  });
});
