/** Stage 6, publish: the kernel and the disk say the same afterwards, or both say what they said before. */
import type { RuleBook } from '../../book/rule-book.ts';
import type { PreparedFile } from '../../file/atomic-file.ts';
import type { RuleStore, Writing } from '../../file/rule-store.ts';
import { RulesFileError } from '../../file/rules-document.ts';
import { RulesRefusal } from '../../refusal.ts';
import type { Enforcement, Held } from '../enforcement.ts';
import type { Pending } from '../pending.ts';
import { kernelRefusal, messageOf } from '../words.ts';

export type Writer = Pick<RuleStore, 'prepare' | 'noteUnconfirmed'>;

export interface PublishParts {
  readonly enforcement: Enforcement;
  readonly store: Writer;
  readonly pending: Pending;
  /** These were confirmed and are in force. */
  readonly enforced: (book: RuleBook) => Promise<void>;
  /** The rules file says what is in force again. */
  readonly wrote: () => void;
  /** What was loaded is in force, but the directory that keeps copies cannot be written. */
  readonly notKept: (problem: string | undefined) => void;
}

/**
 * In force without an end, and on the disk. All that a full disk can stop happens before the kernel is told.
 * Throws RulesRefusal; kernel and disk say what they said before.
 */
export async function settle(parts: PublishParts, held: Held, writing: Writing = {}): Promise<void> {
  const { enforcement, enforced, wrote } = parts;
  const { confirmed: before } = enforcement;
  const files = prepare(parts, held.book, writing);
  try {
    await enforcement.confirm(held);
  } catch (cause) {
    files?.abandon();
    throw kernelRefusal(cause, 'The rules before this change are in force.');
  }
  try {
    files?.commit();
  } catch (cause) {
    files?.abandon();
    await enforcement.confirm(before);
    throw cannotWrite(cause);
  }
  if (!writing.fileSaysIt) wrote();
  await enforced(held.book);
}

/**
 * In front of the confirmed rules until the lease that `begin` starts ends, by the kernel's own clock. The rules file is
 * not touched. Throws RulesRefusal; the confirmed rules are in force then.
 */
export async function stage(parts: PublishParts, held: Held, begin: () => void): Promise<void> {
  const { enforcement, store, pending } = parts;
  try {
    store.noteUnconfirmed(held.book);
  } catch (cause) {
    throw cannotWrite(cause);
  }
  begin();
  enforcement.giveIdsFrom(held.book.nextId);
  await restage({ enforcement, pending }, held);
}

/** The same, for rules that wait already. */
export async function restage(
  { enforcement, pending }: Pick<PublishParts, 'enforcement' | 'pending'>,
  held: Held,
): Promise<void> {
  try {
    await enforcement.provide(held, pending.untilMonoNs);
  } catch (cause) {
    pending.end();
    await enforcement.withdraw();
    throw kernelRefusal(cause, 'The confirmed rules are in force.');
  }
}

/** Undefined: only copies would be written, and they cannot be. */
function prepare({ store, notKept }: PublishParts, book: RuleBook, writing: Writing): PreparedFile | undefined {
  try {
    const files = store.prepare(book, writing);
    notKept(undefined);
    return files;
  } catch (cause) {
    if (!writing.fileSaysIt) throw cannotWrite(cause);
    notKept(messageOf(cause));
    return undefined;
  }
}

function cannotWrite(cause: unknown): RulesRefusal {
  if (cause instanceof RulesFileError) {
    return new RulesRefusal({ code: 'invalid', message: `Nothing was changed: ${cause.message}.` }, { cause });
  }
  const message = `The rules cannot be written: ${messageOf(cause)}. Nothing was changed. Free space on the disk, or give access.`;
  return new RulesRefusal({ code: 'internal', message }, { cause });
}
