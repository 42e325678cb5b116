import { RULE_HEADER, RULE_LINE } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import { stillHolds } from './enforced-rules.ts';

const NAMESPACE_OFFSET_NS = 900n;
const READ_NS = 1000n;
const toKernel = (ns: bigint) => ns - NAMESPACE_OFFSET_NS;
const KERNEL_NOW_NS = toKernel(READ_NS);

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
    expect(stillHolds(imageUntil(untilNs), READ_NS, toKernel)).toBe(holds);
  });
});
