/** Writes limits into lines of the image: RULE_LIMIT. Numbers are rounded in favour of the sender. */
import { RULE_LIMIT } from '@packetlog/bpf';
import type { LimitNumbers } from '@packetlog/common';
import { expiresNs } from './expires-ns.ts';
import type { PreparedRule } from './prepared-rules.ts';

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;
/** A level of a cell has at most this many bits: a cell of a time long ago seems in use once in 256 times. */
const LEVEL_BITS = 24;

/** Returns a line for each limit. `conditionLine`: the line of a packet condition, 0 for none. */
export function limitLines(
  limits: readonly PreparedRule[],
  conditionLine: (packetCondition: number) => number,
): Uint8Array {
  const bytes = new Uint8Array(RULE_LIMIT.size * limits.length);
  const { fields, flags, measures, pers } = RULE_LIMIT;
  limits.forEach(({ id, counterSlot, expiresMs, packetCondition, limit }, index) => {
    if (limit === undefined) return;
    const { numbers, overSlot, isEnforced } = limit;
    const line = new DataView(bytes.buffer, RULE_LIMIT.size * index, RULE_LIMIT.size);
    const times = limitTimes(numbers);
    line.setUint32(fields.rule_id, id, true);
    line.setUint32(fields.counter_slot, counterSlot, true);
    line.setUint32(fields.over_slot, overSlot, true);
    line.setUint8(fields.measure, measures[numbers.measure]);
    line.setUint8(fields.per, pers[numbers.per.kind]);
    line.setUint8(fields.flags, (isEnforced ? flags.enforced : 0) | (numbers.ban === undefined ? 0 : flags.bans));
    line.setUint8(fields.cell_shift, times.cellShift);
    line.setBigUint64(fields.expires_wall_ns, expiresNs(expiresMs), true);
    line.setBigUint64(fields.cost, times.cost, true);
    line.setBigUint64(fields.burst_ns, times.burstNs, true);
    line.setBigUint64(fields.block_ns, times.blockNs, true);
    line.setUint32(fields.condition, conditionLine(packetCondition), true);
    if (numbers.per.kind !== 'source') return;
    // As bytes in network order.
    line.setBigUint64(fields.mask6, mask(64, numbers.per.bits6));
    line.setUint32(fields.mask4, Number(mask(32, numbers.per.bits4)));
  });
  return bytes;
}

/** Returns the times that the program computes with. */
export function limitTimes({ count, seconds, burst, blockMs }: LimitNumbers) {
  const time = BigInt(seconds) * NS_PER_SECOND;
  const burstNs = (time * BigInt(burst)) / BigInt(count);
  const level = burstNs + burstNs / 2n;
  return {
    cost: (time << BigInt(RULE_LIMIT.cost_shift)) / BigInt(count),
    burstNs,
    blockNs: BigInt(blockMs) * NS_PER_MS,
    cellShift: Math.max(0, level.toString(2).length - LEVEL_BITS),
  };
}

function mask(width: number, bits: number): bigint {
  return ((1n << BigInt(bits)) - 1n) << BigInt(width - bits);
}
