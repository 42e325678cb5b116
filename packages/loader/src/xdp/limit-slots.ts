import { RULE_HEADER, RULE_LIMIT, RULE_LINE } from '@packetlog/bpf';

/** Returns the counter slots of the limits of an image, which are the indexes of their levels. */
export function limitSlots(image: Uint8Array): number[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const count = view.getUint8(RULE_HEADER.limit_count);
  return Array.from({ length: count }, (_, i) =>
    view.getUint32((i + 1) * RULE_LINE.size + RULE_LIMIT.fields.counter_slot, true),
  );
}
