/** Reads the rules, the default policy and the expiry from a compiled image. */
import { RULE_ACTION, RULE_HEADER, RULE_IMAGE_MAGIC, RULE_LIMIT, RULE_LINE, RULE_NODE } from '@packetlog/bpf';
import type { DefaultPolicy, RuleAction } from '@packetlog/common';

export interface ImageRule {
  readonly id: number;
  readonly action: RuleAction;
  readonly counterSlot: number;
  /** Undefined: no expiry. */
  readonly expiresMs: number | undefined;
}

export interface ImageSummary {
  readonly defaultPolicy: DefaultPolicy;
  /** When a provisional image ends, on the monotonic clock; 0: no end. */
  readonly untilMonoNs: bigint;
  /** The rules that can decide, sorted by id. A rule that others cover entirely is not in the image. */
  readonly rules: readonly ImageRule[];
}

const NS_PER_MS = 1_000_000n;
const { fields } = RULE_NODE;
const ACTIONS = new Map<number, RuleAction>(
  Object.entries(RULE_ACTION).map(([name, number]) => [number, name as RuleAction]),
);

/** Summarizes an image. Returns undefined for other data. `image` must begin at a multiple of 8 bytes. */
export function summarizeImage(image: Uint8Array): ImageSummary | undefined {
  if (image.length < RULE_LINE.size) return undefined;
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (view.getUint32(RULE_HEADER.magic, true) !== RULE_IMAGE_MAGIC) return undefined;
  const rules = new Map<number, ImageRule>();
  for (const at of nodesOf(view)) {
    const id = view.getUint32(at + fields.rule_id, true);
    const action = ACTIONS.get(view.getUint32(at + fields.action, true));
    if (id === 0 || action === undefined) continue;
    const expires = view.getBigUint64(at + fields.expires_wall_ns, true);
    rules.set(id, {
      id,
      action,
      counterSlot: view.getUint32(at + fields.counter_slot, true),
      expiresMs: expires === 0n ? undefined : Number(expires / NS_PER_MS),
    });
  }
  for (const at of limitsOf(view)) {
    const expires = view.getBigUint64(at + RULE_LIMIT.fields.expires_wall_ns, true);
    const id = view.getUint32(at + RULE_LIMIT.fields.rule_id, true);
    rules.set(id, {
      id,
      action: 'limit',
      counterSlot: view.getUint32(at + RULE_LIMIT.fields.counter_slot, true),
      expiresMs: expires === 0n ? undefined : Number(expires / NS_PER_MS),
    });
  }
  return {
    defaultPolicy: view.getUint8(RULE_HEADER.default_deny) === 1 ? 'deny' : 'permit',
    untilMonoNs: view.getBigUint64(RULE_HEADER.until_mono_ns, true),
    rules: [...rules.values()].sort((a, b) => a.id - b.id),
  };
}

/**
 * Returns whether two images give every packet the same verdict: they differ at most in when they end and in the
 * counter slots.
 */
export function decidesAlike(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  return Buffer.compare(withoutSlots(one), withoutSlots(other)) === 0;
}

/** Returns a copy of the image without its end and its counter slots. */
function withoutSlots(image: Uint8Array): Uint8Array {
  const copy = new Uint8Array(image);
  const view = new DataView(copy.buffer);
  view.setBigUint64(RULE_HEADER.until_mono_ns, 0n, true);
  for (const at of nodesOf(view)) view.setUint32(at + fields.counter_slot, 0, true);
  for (const at of limitsOf(view)) {
    view.setUint32(at + RULE_LIMIT.fields.counter_slot, 0, true);
    view.setUint32(at + RULE_LIMIT.fields.over_slot, 0, true);
  }
  return copy;
}

/** Returns the offsets of the limits, which follow the header. */
function limitsOf(view: DataView): number[] {
  const count = view.getUint8(RULE_HEADER.limit_count);
  return Array.from({ length: count }, (_, i) => (i + 1) * RULE_LINE.size);
}

/** Yields the offsets of the nodes, which are the last part of an image, without the unused first one. */
function* nodesOf(view: DataView): Generator<number> {
  const first = view.getUint32(RULE_HEADER.nodes_line, true) * RULE_LINE.size + RULE_NODE.size;
  for (let at = first; at + RULE_NODE.size <= view.byteLength; at += RULE_NODE.size) yield at;
}
