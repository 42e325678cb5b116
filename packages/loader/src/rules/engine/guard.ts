/** Stage 4, guard: a protected address must not lose access that it has now. */
import type { Who } from '../../ipc/rules-access.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { lockedOut } from '../safety/lockout-guard.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { lockoutRefusal } from './rejection-text.ts';

export interface GuardParts {
  readonly enforcement: Enforcement;
  /** The addresses that must not be locked out at this moment; `who` asks. */
  readonly protectedNow: (ruleset: Ruleset, who?: Who) => readonly Protected[];
}

/** Throws RulesRejection if `after` denies a protected address that `before` does not deny. */
export function guard(parts: GuardParts, before: CompiledRuleset, after: CompiledRuleset, who?: Who): void {
  const found = lockouts(parts, before, after, who);
  if (found.length > 0) throw lockoutRefusal(found);
}

/**
 * Protected addresses that `after` denies and `before` does not. Those that either of them protects: a change that takes
 * an address off the list does not deny it in the same step.
 */
export function lockouts(
  parts: GuardParts,
  before: CompiledRuleset,
  after: CompiledRuleset,
  who?: Who,
): readonly Protected[] {
  const protect = [...new Set([...before.ruleset.protect, ...after.ruleset.protect])];
  const candidates = parts.protectedNow({ ...after.ruleset, protect }, who);
  return lockedOut(before, after, candidates, interfaceSlots(parts), Date.now());
}

/** Slots of the interfaces that are judged. */
export function interfaceSlots({ enforcement }: GuardParts): number[] {
  return enforcement.interfaces.map(({ slot }) => slot);
}
