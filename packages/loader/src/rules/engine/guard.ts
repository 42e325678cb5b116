/** Stage 4, guard: a protected address must not lose access that it has now. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { lockedOut } from '../safety/lockout-guard.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { lockoutRejection } from './rejection-text.ts';

export interface GuardParts {
  readonly enforcement: Enforcement;
  /** Returns the addresses that must not be locked out now. `who` is the caller. */
  readonly protectedNow: (ruleset: Ruleset, who?: CallerIdentity) => readonly Protected[];
}

/** Throws RulesRejection if `after` denies a protected address that `before` does not deny. */
export function guard(parts: GuardParts, before: CompiledRuleset, after: CompiledRuleset, who?: CallerIdentity): void {
  const found = lockouts(parts, before, after, who);
  if (found.length > 0) throw lockoutRejection(found);
}

/**
 * Returns the protected addresses that `after` denies and `before` does not. Addresses that either ruleset protects
 * count: a change cannot unprotect and deny an address in one step.
 */
export function lockouts(
  parts: GuardParts,
  before: CompiledRuleset,
  after: CompiledRuleset,
  who?: CallerIdentity,
): readonly Protected[] {
  const protect = [...new Set([...before.ruleset.protect, ...after.ruleset.protect])];
  const candidates = parts.protectedNow({ ...after.ruleset, protect }, who);
  return lockedOut(before, after, candidates, interfaceSlots(parts), Date.now());
}

/** Returns the slots of the interfaces to check. */
export function interfaceSlots({ enforcement }: GuardParts): number[] {
  return enforcement.interfaces.map(({ slot }) => slot);
}
