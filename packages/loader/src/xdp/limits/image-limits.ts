/** Reads the limits of an image: RULE_LIMIT. */
import { LIMIT_STATE, RULE_HEADER, RULE_LIMIT, RULE_LINE } from '@packetlog/bpf';
import type { LimitPer } from '@packetlog/common';

/** A limit as the program applies it. Times in ns. */
export interface ImageLimit {
  readonly ruleId: number;
  /** Index of its levels, too. */
  readonly counterSlot: number;
  /** Counts what is over. */
  readonly overSlot: number;
  /** Of its levels: one of `LIMIT_STATE.shapes`. */
  readonly shape: number;
  /** Whether sources that are over are to be banned. */
  readonly bans: boolean;
  readonly per: LimitPer;
  /** Of the shortest packet that it measures. */
  readonly costNs: number;
  readonly burstNs: number;
  /** 0: none. */
  readonly blockNs: number;
}

/** Of an Ethernet frame, without its checksum. */
const SHORTEST_FRAME = 60;

export function imageLimits(image: Uint8Array): ImageLimit[] {
  const { fields, flags, measures, cost_shift } = RULE_LIMIT;
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return Array.from({ length: view.getUint8(RULE_HEADER.limit_count) }, (_, i) => {
    const at = (i + 1) * RULE_LINE.size;
    const time = (field: number) => Number(view.getBigUint64(at + field, true));
    const measure = view.getUint8(at + fields.measure);
    return {
      ruleId: view.getUint32(at + fields.rule_id, true),
      counterSlot: view.getUint32(at + fields.counter_slot, true),
      overSlot: view.getUint32(at + fields.over_slot, true),
      shape: shapeOf(measure),
      bans: (view.getUint8(at + fields.flags) & flags.bans) !== 0,
      per: perOf(
        view.getUint8(at + fields.per),
        view.getUint32(at + fields.mask4),
        view.getBigUint64(at + fields.mask6),
      ),
      costNs: (time(fields.cost) / 2 ** cost_shift) * (measure === measures.bytes ? SHORTEST_FRAME : 1),
      burstNs: time(fields.burst_ns),
      blockNs: time(fields.block_ns),
    };
  });
}

function shapeOf(measure: number): number {
  const { measures } = RULE_LIMIT;
  if (measure === measures.connections) return LIMIT_STATE.shapes.connections;
  return measure === measures.ports ? LIMIT_STATE.shapes.ports : LIMIT_STATE.shapes.cells;
}

/** Masks in network order. */
function perOf(per: number, mask4: number, mask6: bigint): LimitPer {
  if (per === RULE_LIMIT.pers.rule) return { kind: 'rule' };
  if (per === RULE_LIMIT.pers.port) return { kind: 'port' };
  return { kind: 'source', bits4: ones(BigInt(mask4)), bits6: ones(mask6) };
}

function ones(mask: bigint): number {
  return mask.toString(2).replaceAll('0', '').length;
}
