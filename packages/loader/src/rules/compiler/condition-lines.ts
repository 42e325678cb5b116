/** Writes the conditions that packets are compared with into lines of the image: RULE_CONDITION. */
import { RULE_CONDITION, RULE_KEY } from '@packetlog/bpf';
import { type PacketCondition, parseDestination, parseLengthRange, parseTcpFlags } from '@packetlog/common';

const HALF_BITS = 64;
const HALF_BYTES = 8;
const { fields } = RULE_CONDITION;

/** Returns a line for each condition. */
export function conditionLines(conditions: readonly PacketCondition[]): Uint8Array {
  const bytes = new Uint8Array(RULE_CONDITION.size * conditions.length);
  conditions.forEach((condition, index) => {
    const line = new DataView(bytes.buffer, RULE_CONDITION.size * index, RULE_CONDITION.size);
    const { mask, value } = keyOf(condition);
    line.setBigUint64(fields.key_mask, mask, true);
    line.setBigUint64(fields.key_value, value, true);
    if (condition.destination !== undefined) writeDestination(line, condition.destination);
    const { from, to } =
      condition.length === undefined ? { from: 0, to: RULE_KEY.max_length } : parseLengthRange(condition.length);
    line.setBigUint64(fields.length_from, BigInt(from), true);
    line.setBigUint64(fields.length_to, BigInt(to), true);
  });
  return bytes;
}

/** Returns which bits of a packet's key matter, and their values. */
function keyOf({ tcp_flags, destination, fragment }: PacketCondition): { mask: bigint; value: bigint } {
  let [mask, value] = [0n, 0n];
  const require = (bits: number, at: number, wanted = bits) => {
    mask |= BigInt(bits) << BigInt(at);
    value |= BigInt(wanted) << BigInt(at);
  };
  if (tcp_flags !== undefined) {
    const flags = parseTcpFlags(tcp_flags);
    require(flags.mask, RULE_KEY.tcp_flags, flags.value);
    require(1, RULE_KEY.flags_read);
  }
  // Addresses of both families are stored alike.
  if (destination !== undefined) require(1, parseDestination(destination).family === 4 ? RULE_KEY.ipv4 : RULE_KEY.ipv6);
  if (fragment === true) require(1, RULE_KEY.fragment);
  return { mask, value };
}

function writeDestination(line: DataView, text: string): void {
  const { bytes, bits } = parseDestination(text);
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  [
    [fields.dst_high, fields.dst_high_mask],
    [fields.dst_low, fields.dst_low_mask],
  ].forEach(([value = 0, mask = 0], half) => {
    // As bytes in network order.
    line.setBigUint64(value, from.getBigUint64(HALF_BYTES * half));
    line.setBigUint64(mask, prefixMask(Math.min(HALF_BITS, Math.max(0, bits - HALF_BITS * half))));
  });
}

function prefixMask(bits: number): bigint {
  return ((1n << BigInt(bits)) - 1n) << BigInt(HALF_BITS - bits);
}
