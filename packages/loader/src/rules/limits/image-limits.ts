/** Reads the limits of an image: RULE_LIMIT. */
import { RULE_HEADER, RULE_LIMIT, RULE_LINE } from '@packetlog/bpf';
import type { LimitPer } from '@packetlog/common';

/** A limit as the program applies it. Times in ns. */
export interface ImageLimit {
  readonly ruleId: number;
  /** Index of its levels, too. */
  readonly counterSlot: number;
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
  const { fields, measures, cost_shift } = RULE_LIMIT;
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return Array.from({ length: view.getUint8(RULE_HEADER.limit_count) }, (_, i) => {
    const at = (i + 1) * RULE_LINE.size;
    const time = (field: number) => Number(view.getBigUint64(at + field, true));
    const isBytes = view.getUint8(at + fields.measure) === measures.bytes;
    return {
      ruleId: view.getUint32(at + fields.rule_id, true),
      counterSlot: view.getUint32(at + fields.counter_slot, true),
      per: perOf(
        view.getUint8(at + fields.per),
        view.getUint32(at + fields.mask4),
        view.getBigUint64(at + fields.mask6),
      ),
      costNs: (time(fields.cost) / 2 ** cost_shift) * (isBytes ? SHORTEST_FRAME : 1),
      burstNs: time(fields.burst_ns),
      blockNs: time(fields.block_ns),
    };
  });
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
