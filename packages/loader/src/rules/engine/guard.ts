/** Stage 4, guard: rejects a change that would lock out a protected address. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { lockedOut } from '../safety/lockout-guard.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { lockoutRejection } from './rejection-text.ts';

export interface GuardParts {
  readonly enforcement: Enforcement;
  /** Returns the addresses that must not be locked out now. `caller`: of a change. */
  readonly protectedNow: (ruleset: Ruleset, caller?: CallerIdentity) => readonly Protected[];
}

/** Throws RulesRejection if `after` denies a protected address that `before` does not deny. */
export function guard(
  parts: GuardParts,
  before: CompiledRuleset,
  after: CompiledRuleset,
  caller?: CallerIdentity,
): void {
  const found = lockouts(parts, before, after, caller);
  if (found.length > 0) throw lockoutRejection(found);
}

/**
 * Returns the protected addresses that `after` denies and `before` does not. Addresses that either ruleset protects
 * count, so that one change cannot both unprotect and deny an address.
 */
export function lockouts(
  parts: GuardParts,
  before: CompiledRuleset,
  after: CompiledRuleset,
  caller?: CallerIdentity,
): readonly Protected[] {
  const protect = [...new Set([...before.ruleset.protect, ...after.ruleset.protect])];
  const candidates = parts.protectedNow({ ...after.ruleset, protect }, caller);
  return lockedOut(before, after, candidates, interfaceSlots(parts), Date.now());
}

/** Returns the slots of the interfaces to check. */
export function interfaceSlots({ enforcement }: GuardParts): number[] {
  return enforcement.interfaces.map(({ slot }) => slot);
}
