import { LIMIT_STATE, RULE_HEADER, RULE_LIMIT, RULE_LINE } from '@packetlog/bpf';

/** What levels a limit needs. */
export interface LimitShape {
  /** Counter slot, which is the index of the levels. */
  readonly slot: number;
  /** One of `LIMIT_STATE.shapes`. */
  readonly shape: number;
}

/** Returns the levels that the limits of an image need. */
export function limitShapes(image: Uint8Array): LimitShape[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const count = view.getUint8(RULE_HEADER.limit_count);
  return Array.from({ length: count }, (_, i) => {
    const line = (i + 1) * RULE_LINE.size;
    return {
      slot: view.getUint32(line + RULE_LIMIT.fields.counter_slot, true),
      shape: shapeOf(view.getUint8(line + RULE_LIMIT.fields.measure)),
    };
  });
}

function shapeOf(measure: number): number {
  const { measures } = RULE_LIMIT;
  if (measure === measures.connections) return LIMIT_STATE.shapes.connections;
  return measure === measures.ports ? LIMIT_STATE.shapes.ports : LIMIT_STATE.shapes.cells;
}
