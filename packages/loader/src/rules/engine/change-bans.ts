/**
 * Replaces the bans in the kernel. They pass the compiler and the lockout guard, but they are no change of the rules:
 * nothing of theirs is written to the rules file, remembered for undo, or confirmed, and a pending change stays pending.
 */
import type { Rule } from '@packetlog/common';
import { lockedOut } from '../safety/lockout-guard.ts';
import { compile } from './compile-change.ts';
import type { CompiledRuleset } from './enforcement.ts';
import { interfaceSlots } from './guard.ts';
import type { PipelineParts } from './pipeline.ts';
import { endWait, restage } from './publish.ts';
import { endedText, kernelRejection, lockoutRejection } from './rejection-text.ts';

/**
 * Puts `bans` in force in place of the current ones, in both slots. Call it from within the queue. Throws RulesRejection;
 * then the current ones stay in force.
 */
export async function changeBans(parts: PipelineParts, bans: readonly Rule[]): Promise<void> {
  const { enforcement, enforced } = parts;
  const before = enforcement.bans;
  enforcement.bans = bans;
  let provisional: CompiledRuleset | undefined;
  try {
    const confirmed = await compile(enforcement, enforcement.confirmed.ruleset);
    const pending = enforcement.provisional?.ruleset;
    provisional = pending && (await compile(enforcement, pending));
    guardNew(parts, before, provisional ?? confirmed);
    await confirm(parts, confirmed);
  } catch (error) {
    enforcement.bans = before;
    throw error;
  }
  if (provisional !== undefined) await restageOrDrop(parts, provisional);
  enforcement.forgetEnded();
  await enforced(enforcement.confirmed.ruleset);
}

/**
 * Throws RulesRejection if bans that are not among `before` would lock out a protected address. An ssh session protects
 * from changes of rules, which people make; it would protect whoever attacks ssh from bans.
 */
function guardNew(parts: PipelineParts, before: readonly Rule[], after: CompiledRuleset): void {
  const { enforcement, protectedNow } = parts;
  const known = new Set(before.map(({ id }) => id));
  const added = enforcement.bans.filter(({ id }) => !known.has(id));
  if (added.length === 0) return;
  const { ruleset } = after;
  const withAdded = { ruleset: { ...ruleset, rules: [...ruleset.rules, ...added] }, image: after.image };
  const candidates = protectedNow(ruleset).filter(({ kind }) => kind !== 'ssh_peer');
  const found = lockedOut(enforcement.top, withAdded, candidates, interfaceSlots(parts), Date.now());
  if (found.length > 0) throw lockoutRejection(found);
}

async function confirm({ enforcement }: PipelineParts, compiled: CompiledRuleset): Promise<void> {
  try {
    await enforcement.confirm(compiled);
  } catch (cause) {
    throw kernelRejection(cause, (await enforcement.isCurrent()) !== false);
  }
}

/** Ends the pending change if it cannot get the bans: confirmed without them, it would end them. */
async function restageOrDrop(parts: PipelineParts, provisional: CompiledRuleset): Promise<void> {
  const { enforcement, pending } = parts;
  try {
    await restage(enforcement, provisional, pending.untilMonoNs);
  } catch (error) {
    const isFromFile = pending.fileContent !== undefined;
    if (await endWait(parts)) parts.reverted(endedText(error), isFromFile);
  }
}
