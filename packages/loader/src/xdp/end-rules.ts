/** Ends rules in an image that is in force, without replacing it. */
import { RULE_HEADER, RULE_LINE, RULE_NODE } from '@packetlog/bpf';

/** The end of such rules, as Unix time in ms: in the past by any clock. 0 would be no end. */
export const ENDED_MS = 1;
const ENDED_NS = BigInt(ENDED_MS) * 1_000_000n;

const { fields, size } = RULE_NODE;

/** Returns the offset of the nodes, which are the last part of an image. */
export function nodesOffset(image: Uint8Array): number {
  const view = new DataView(image.buffer, image.byteOffset, RULE_LINE.size);
  return view.getUint32(RULE_HEADER.nodes_line, true) * RULE_LINE.size;
}

/**
 * Sets the end of these rules in the nodes of an image. Returns false if it has none of them. Each of them must have an
 * end already: the compiler omits what follows a rule without one.
 */
export function endRules(nodes: Uint8Array, ids: ReadonlySet<number>): boolean {
  const view = new DataView(nodes.buffer, nodes.byteOffset, nodes.byteLength);
  let isFound = false;
  for (let at = 0; at + size <= nodes.byteLength; at += size) {
    if (!ids.has(view.getUint32(at + fields.rule_id, true))) continue;
    if (view.getBigUint64(at + fields.expires_wall_ns, true) === 0n) continue;
    view.setBigUint64(at + fields.expires_wall_ns, ENDED_NS, true);
    isFound = true;
  }
  return isFound;
}
