/** Who of the protected would be shut out by rules and was not before: asked of the compiled rules themselves. */
import type { RuleBook } from '../book/rule-book.ts';
import { NOT_JUDGED, type PacketFacts, RuleImage } from '../index.ts';
import { probesOf } from './probes.ts';
import type { Protected } from './protected.ts';

export interface Judged {
  readonly book: RuleBook;
  /** Undefined: every packet passes. */
  readonly image: SharedArrayBuffer | undefined;
}

/** A permit rule that wins makes a deny rule harmless; what was shut out already, or by force, stays possible. */
export function lockedOut(
  before: Judged,
  after: Judged,
  everybody: readonly Protected[],
  interfaceSlots: readonly number[],
  nowMs: number,
): Protected[] {
  if (after.image === undefined) return [];
  const old = before.image && new RuleImage(new Uint8Array(before.image));
  const changed = new RuleImage(new Uint8Array(after.image));
  const nowNs = BigInt(nowMs) * 1_000_000n;
  return everybody.filter((one) =>
    probesOf(one, after.book).some((probe) =>
      interfaceSlots.some((interfaceSlot) => {
        const facts = { ...probe, interfaceSlot };
        return isDenied(changed, facts, nowNs) && !(old && isDenied(old, facts, nowNs));
      }),
    ),
  );
}

function isDenied(image: RuleImage, facts: PacketFacts, nowNs: bigint): boolean {
  const node = image.decide(facts, nowNs);
  if (node === NOT_JUDGED) return false;
  return node === 0 ? image.defaultDeny : image.action(node) === 'deny';
}
