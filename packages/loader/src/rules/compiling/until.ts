import { RULE_HEADER } from '@packetlog/bpf';

/** Writes into a compiled image until when it holds, in ns of the monotonic clock; 0 for ever. */
export function untilInto(image: SharedArrayBuffer | undefined, untilMonoNs: bigint): void {
  if (image === undefined) return;
  new DataView(image).setBigUint64(RULE_HEADER.until_mono_ns, untilMonoNs, true);
}
