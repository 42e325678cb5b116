/** Stage 6, publish: the kernel and the disk say the same afterwards, or both say what they said before. */
import { RulesRejection } from '../ruleset/rejection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { PreparedFile } from '../store/atomic-file.ts';
import type { RuleStore, Writing } from '../store/rule-store.ts';
import { RulesFileError } from '../store/rules-document.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import type { Pending } from './pending.ts';
import { kernelRefusal, messageOf, unwrittenWords } from './rejection-text.ts';
import type { Start } from './start.ts';

export type Writer = Pick<RuleStore, 'prepare' | 'noteUnconfirmed'>;

export interface PublishParts {
  readonly enforcement: Enforcement;
  readonly store: Writer;
  readonly pending: Pending;
  /** These were confirmed and are in force. */
  readonly enforced: (ruleset: Ruleset) => Promise<void>;
  /** The rules file says what is in force again. */
  readonly wrote: () => void;
  /** What is in force could not be written, and could not be replaced by what is on the disk. */
  readonly notWritten: (message: string) => void;
  /** What was loaded is in force, but the directory that keeps copies cannot be written. */
  readonly notKept: (problem: string | undefined) => void;
}

/**
 * In force without an end, and on the disk. All that a full disk can stop happens before the kernel is told. Throws
 * RulesRejection; kernel and disk say what they said before. If the disk fails and the kernel does not take the rules
 * before either, the new ones stay in force: resolves with a sentence that says so, and `notWritten` is told.
 */
export async function settle(
  parts: PublishParts,
  held: CompiledRuleset,
  writing: Writing = {},
): Promise<string | undefined> {
  const { enforcement, pending, enforced, wrote, notKept } = parts;
  const { confirmed: before } = enforcement;
  const files = prepare(parts, held.ruleset, writing);
  try {
    await enforcement.confirm(held);
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
    // The rules file says it already; what failed are copies.
    if (writing.fileSaysIt) notKept(messageOf(cause));
    else unwritten = await takeBack(parts, before, cause);
  }
  if (!writing.fileSaysIt && unwritten === undefined) {
    wrote();
    pending.fileWaits(undefined);
  }
  await enforced(held.ruleset);
  return unwritten;
}

/** The rules that a start begins with, which were accepted before. Rejects with what the kernel or the compiler says. */
export async function putBase(parts: PublishParts, { base, from }: Pick<Start, 'base' | 'from'>): Promise<void> {
  const { enforcement, enforced } = parts;
  await enforcement.withdraw();
  const held = await enforcement.compile(base);
  if (from === 'file') {
    await settle(parts, held, { fileSaysIt: true });
    return;
  }
  await enforcement.confirm(held);
  await enforced(base);
}

/**
 * In front of the confirmed rules until then, by the kernel's own clock. The rules file is not touched. Throws
 * RulesRejection; all is as it was then, also what waited before.
 */
export async function stage(
  { enforcement, store }: Pick<PublishParts, 'enforcement' | 'store'>,
  held: CompiledRuleset,
  untilMonoNs: bigint,
): Promise<void> {
  try {
    store.noteUnconfirmed(held.ruleset);
  } catch (cause) {
    throw cannotWrite(cause);
  }
  enforcement.giveIdsFrom(held.ruleset.nextId);
  await restage(enforcement, held, untilMonoNs);
}

/** The same for rules that need no note: what is not confirmed of them was noted before. */
export async function restage(enforcement: Enforcement, held: CompiledRuleset, untilMonoNs: bigint): Promise<void> {
  try {
    await enforcement.provide(held, untilMonoNs);
  } catch (cause) {
    throw await kernelRejected(enforcement, cause);
  }
}

/**
 * What waits is over, and the confirmed rules count. False: the kernel rejected that, so it stays in front until its lease
 * ends, and cannot be confirmed any more.
 */
export async function endWait({
  enforcement,
  pending,
}: Pick<PublishParts, 'enforcement' | 'pending'>): Promise<boolean> {
  try {
    await enforcement.withdraw();
  } catch {
    pending.doom();
    return false;
  }
  pending.end();
  return true;
}

/** The disk failed after the kernel took the rules. Throws when those before are in force again. */
async function takeBack(
  { enforcement, notWritten }: PublishParts,
  before: CompiledRuleset,
  cause: unknown,
): Promise<string> {
  try {
    await enforcement.confirm(before);
  } catch (second) {
    const message = unwrittenWords(cause, second, await enforcement.isCurrent());
    notWritten(message);
    return message;
  }
  throw cannotWrite(cause);
}

async function kernelRejected(enforcement: Enforcement, cause: unknown): Promise<RulesRejection> {
  return kernelRefusal(cause, (await enforcement.isCurrent()) !== false);
}

/** Undefined: only copies would be written, and they cannot be. */
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
  const message = `The rules cannot be written: ${messageOf(cause)}. Nothing was changed. Free space on the disk, or give access.`;
  return new RulesRejection({ code: 'internal', message }, { cause });
}
