import { RULE_HEADER } from '@packetlog/bpf';
import { toKernelMonotonic } from '../../../system/time-namespace.ts';

/** Writes into a compiled image until when it holds. `untilMonoNs`: ns of this process's monotonic clock; 0: no end. */
export function untilInto(image: SharedArrayBuffer | undefined, untilMonoNs: bigint): void {
  if (image === undefined) return;
  new DataView(image).setBigUint64(
    RULE_HEADER.until_mono_ns,
    untilMonoNs === 0n ? 0n : toKernelMonotonic(untilMonoNs),
    true,
  );
}
