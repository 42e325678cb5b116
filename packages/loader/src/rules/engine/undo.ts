/** Undo and redo: changes that restore the rules of a step of the history, or end the pending change. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { type History, otherStep } from '../ruleset/change-history.ts';
import type { Pending } from '../ruleset/pending.ts';
import { type Change, stepping } from './change.ts';
import type { Done } from './change-queue.ts';

export interface UndoParts {
  readonly history: History;
  readonly pending: Pending;
  readonly ask: (change: Change<string>) => Promise<Done<string>>;
  readonly revert: (caller: CallerIdentity) => Promise<number>;
}

export class Undo {
  readonly #parts: UndoParts;

  constructor(parts: UndoParts) {
    this.#parts = parts;
  }

  /** Undoes the last change, or the pending one. With `id`, only that change. Rejects with a RulesRejection. */
  async undo(caller: CallerIdentity, id?: number): Promise<Done<{ undone: string }>> {
    const { history, pending, ask, revert } = this.#parts;
    const { step: pendingStep } = pending;
    if (pendingStep !== undefined) {
      if (id !== undefined && id !== pendingStep.id) throw otherStep(pendingStep);
      return { value: { undone: pendingStep.what }, revision: await revert(caller), pending: undefined };
    }
    const step = history.requireLast(id ?? history.last?.id ?? 0);
    // Queued changes run first; after them, this is no longer the last step.
    const undo = stepping(
      `undo of ${step.what}`,
      () => history.requireLast(step.id),
      (now, revision) => history.undid(now, { who: caller, at_ms: Date.now(), revision }),
      caller,
    );
    const { value, ...rest } = await ask(undo);
    return { value: { undone: value }, ...rest };
  }

  /**
   * Redoes the change that was undone last, if nothing else has changed since. With `id`, only that change.
   * Rejects with a RulesRejection.
   */
  async redo(caller: CallerIdentity, id?: number): Promise<Done<{ redone: string }>> {
    const { history, ask } = this.#parts;
    const step = history.requireUndone(id ?? history.lastUndone?.id ?? 0);
    const redo = stepping(
      `redo of ${step.what}`,
      () => history.requireUndone(step.id),
      (now, revision) => history.redid(now, { who: caller, at_ms: Date.now(), revision }),
      caller,
    );
    const { value, ...rest } = await ask(redo);
    return { value: { redone: value }, ...rest };
  }
}
