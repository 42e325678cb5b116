/**
 * Finds protected addresses that new rules would lock out and the current ones do not, by evaluating the compiled
 * rules.
 */
import { NOT_IP, type PacketFacts, RuleImage } from '../evaluator/rule-image.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { probesOf } from './probes.ts';
import type { Protected } from './protected-sources.ts';

/** A ruleset and its compiled image. */
export interface RulesetImage {
  readonly ruleset: Ruleset;
  /** Undefined: every packet passes. */
  readonly image: SharedArrayBuffer | undefined;
}

/**
 * Returns the candidates that `after` locks out and `before` does not. A deny rule that a permit rule overrides locks
 * out nothing.
 */
export function lockedOut(
  before: RulesetImage,
  after: RulesetImage,
  candidates: readonly Protected[],
  interfaceSlots: readonly number[],
  nowMs: number,
): Protected[] {
  if (after.image === undefined) return [];
  const old = before.image && new RuleImage(new Uint8Array(before.image));
  const changed = new RuleImage(new Uint8Array(after.image));
  const nowNs = BigInt(nowMs) * 1_000_000n;
  return candidates.filter((one) =>
    probesOf(one, after.ruleset, before.ruleset).some((probe) =>
      interfaceSlots.some((interfaceSlot) => {
        const facts = { ...probe, interfaceSlot };
        return isDenied(changed, facts, nowNs) && !(old && isDenied(old, facts, nowNs));
      }),
    ),
  );
}

/** A protected address that is permitted now and denied later, because the rule that permits it expires at `atMs`. */
export interface ExpiryLockout {
  readonly atMs: number;
  /** The rule that expires then. */
  readonly ruleId: number;
  readonly lockedOut: Protected;
}

/** Maximum expiry times to check. */
const MAX_EXPIRIES = 8;

/** Returns the first expiry of a permit rule that locks out one of `protectedNow`; undefined if none does. */
export function lockedOutOnExpiry(
  { ruleset, image }: RulesetImage,
  protectedNow: () => readonly Protected[],
  interfaceSlots: readonly number[],
  nowMs: number,
): ExpiryLockout | undefined {
  if (image === undefined) return undefined;
  const expiries = ruleset.rules.flatMap(({ id, action, expires_at }) => {
    const atMs = Date.parse(expires_at ?? '');
    return action === 'permit' && atMs > nowMs ? { ruleId: id, atMs } : [];
  });
  if (expiries.length === 0) return undefined;
  const rules = new RuleImage(new Uint8Array(image));
  const probed = protectedNow().map((one) => ({ one, probes: probesOf(one, ruleset) }));
  for (const { atMs, ruleId } of expiries.sort((a, b) => a.atMs - b.atMs).slice(0, MAX_EXPIRIES)) {
    const [now, then] = [nowMs, atMs].map((ms) => BigInt(ms) * 1_000_000n) as [bigint, bigint];
    for (const { one, probes } of probed) {
      const losesAccess = probes.some((probe) =>
        interfaceSlots.some((interfaceSlot) => {
          const facts = { ...probe, interfaceSlot };
          return isDenied(rules, facts, then) && !isDenied(rules, facts, now);
        }),
      );
      if (losesAccess) return { atMs, ruleId, lockedOut: one };
    }
  }
  return undefined;
}

function isDenied(image: RuleImage, facts: PacketFacts, nowNs: bigint): boolean {
  const node = image.decide(facts, nowNs);
  if (node === NOT_IP) return false;
  return node === 0 ? image.defaultDeny : image.action(node) === 'deny';
}
