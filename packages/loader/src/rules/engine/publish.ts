/** Stage 6, publish: kernel and disk both get the new rules, or both keep the previous ones. */

import type { History, NewStep } from '../ruleset/change-history.ts';
import type { Pending } from '../ruleset/pending.ts';
import { RulesRejection } from '../ruleset/rejection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { PreparedFile } from '../store/atomic-file.ts';
import type { RuleStore, Writing } from '../store/rule-store.ts';
import { RulesFileError } from '../store/rules-document.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { kernelRejection, messageOf, unwrittenText } from './rejection-text.ts';
import type { Start } from './start.ts';

export type Writer = Pick<RuleStore, 'prepare' | 'noteUnconfirmed'>;

export interface PublishParts {
  readonly enforcement: Enforcement;
  readonly store: Writer;
  readonly pending: Pending;
  /** Called with rules that are confirmed and in force. */
  readonly enforced: (ruleset: Ruleset) => Promise<void>;
  /** Called when the rules file matches the rules in force again. */
  readonly wrote: () => void;
  /** Called when the rules in force could neither be written nor be replaced with those on the disk. */
  readonly notWritten: (message: string) => void;
  /** Called when loaded rules are in force, but the directory for copies cannot be written. */
  readonly notKept: (problem: string | undefined) => void;
}

/**
 * Puts confirmed rules in force and writes them. Every step that can fail on a full disk precedes the update of the
 * kernel. Throws RulesRejection; kernel and disk then keep the previous rules. If the disk fails and the kernel rejects
 * the previous rules, the new ones stay in force: calls `notWritten` and resolves with the same message.
 */
export async function settle(
  parts: PublishParts,
  compiled: CompiledRuleset,
  writing: Writing = {},
): Promise<string | undefined> {
  const { enforcement, pending, enforced, wrote, notKept } = parts;
  const { confirmed: before } = enforcement;
  const files = prepare(parts, compiled.ruleset, writing);
  try {
    await enforcement.confirm(compiled);
  } catch (cause) {
    files?.abandon();
    throw await kernelRejected(enforcement, cause);
  }
  let unwritten: string | undefined;
  try {
    files?.commit();
    if (files) notKept(undefined);
  } catch (cause) {
    files?.abandon();
    // The rules file already has this content; only copies failed.
    if (writing.fileSaysIt) notKept(messageOf(cause));
    else unwritten = await rollBack(parts, before, cause);
  }
  if (!writing.fileSaysIt && unwritten === undefined) {
    wrote();
    pending.fileWaits(undefined);
  }
  await enforced(compiled.ruleset);
  return unwritten;
}

/**
 * Puts the rules of a start in force, which were accepted before. Rejects with the error of the kernel or the
 * compiler.
 */
export async function putBase(parts: PublishParts, { base, from }: Pick<Start, 'base' | 'from'>): Promise<void> {
  const { enforcement, enforced } = parts;
  await enforcement.unstage();
  const compiled = await enforcement.compile(base);
  if (from === 'file') {
    await settle(parts, compiled, { fileSaysIt: true });
    return;
  }
  await enforcement.confirm(compiled);
  await enforced(base);
}

/**
 * Puts provisional rules in force until `untilMonoNs`, by the kernel's clock. Does not write the rules file. Throws
 * RulesRejection; everything then stays as it was, including an earlier pending change.
 */
export async function stage(
  { enforcement, store }: Pick<PublishParts, 'enforcement' | 'store'>,
  compiled: CompiledRuleset,
  untilMonoNs: bigint,
): Promise<void> {
  try {
    store.noteUnconfirmed(compiled.ruleset);
  } catch (cause) {
    throw cannotWrite(cause);
  }
  enforcement.giveIdsFrom(compiled.ruleset.nextId);
  await restage(enforcement, compiled, untilMonoNs);
}

/** Does the same without recording the rules as unconfirmed, which the pending change already did. */
export async function restage(enforcement: Enforcement, compiled: CompiledRuleset, untilMonoNs: bigint): Promise<void> {
  try {
    await enforcement.stage(compiled, untilMonoNs);
  } catch (cause) {
    throw await kernelRejected(enforcement, cause);
  }
}

/**
 * Ends the pending change, so that the confirmed rules decide. Returns false if the kernel rejected that: the change
 * then stays in force until its lease ends, and can no longer be confirmed.
 */
export async function endWait({
  enforcement,
  pending,
}: Pick<PublishParts, 'enforcement' | 'pending'>): Promise<boolean> {
  try {
    await enforcement.unstage();
  } catch {
    pending.forbidConfirm();
    return false;
  }
  pending.end();
  return true;
}

/**
 * Restores the previous rules in the kernel after writing the new ones failed. Throws if that succeeded; otherwise
 * returns the message about it.
 */
async function rollBack(
  { enforcement, notWritten }: PublishParts,
  before: CompiledRuleset,
  cause: unknown,
): Promise<string> {
  try {
    await enforcement.confirm(before);
  } catch (kernelError) {
    const message = unwrittenText(cause, kernelError, await enforcement.isCurrent());
    notWritten(message);
    return message;
  }
  throw cannotWrite(cause);
}

/** Records a pending change that was confirmed, so that it can be undone; `now`: the rules with it. */
export function pushWaited(
  { history, pending }: { readonly history: History; readonly pending: Pending },
  step: NewStep,
  now: Ruleset,
): void {
  if (pending.generation === undefined) history.push(step);
  else history.pushBesideFleet(step, now);
}

async function kernelRejected(enforcement: Enforcement, cause: unknown): Promise<RulesRejection> {
  return kernelRejection(cause, (await enforcement.isCurrent()) !== false);
}

/** Prepares the files to write; undefined if only copies would be written and cannot be. */
function prepare({ store, notKept }: PublishParts, ruleset: Ruleset, writing: Writing): PreparedFile | undefined {
  try {
    return store.prepare(ruleset, writing);
  } catch (cause) {
    if (!writing.fileSaysIt) throw cannotWrite(cause);
    notKept(messageOf(cause));
    return undefined;
  }
}

function cannotWrite(cause: unknown): RulesRejection {
  if (cause instanceof RulesFileError) {
    return new RulesRejection({ code: 'invalid', message: `Nothing was changed: ${cause.message}.` }, { cause });
  }
  const message = `The rules cannot be written: ${messageOf(cause)}. Nothing was changed. Free space on the disk, or make the file writable.`;
  return new RulesRejection({ code: 'internal', message }, { cause });
}
