/** Undo and redo: changes that restore the rules of a step of the history, or end the pending change. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { type History, otherStep } from '../ruleset/change-history.ts';
import { type Change, stepping } from './change.ts';
import type { Done } from './change-queue.ts';
import type { Pending } from './pending.ts';

export interface UndoParts {
  readonly history: History;
  readonly pending: Pending;
  readonly ask: (change: Change<string>) => Promise<Done<string>>;
  readonly revert: (who: CallerIdentity) => Promise<number>;
}

export class Undo {
  readonly #parts: UndoParts;

  constructor(parts: UndoParts) {
    this.#parts = parts;
  }

  /** Undoes the last change, or the pending one. `id`: only if it is that one. Rejects with a RulesRejection. */
  async undo(who: CallerIdentity, id?: number): Promise<Done<{ undone: string }>> {
    const { history, pending, ask, revert } = this.#parts;
    const { step: waiting } = pending;
    if (waiting !== undefined) {
      if (id !== undefined && id !== waiting.id) throw otherStep(waiting);
      return { value: { undone: waiting.what }, revision: await revert(who), pending: undefined };
    }
    const step = history.requireLast(id ?? history.last?.id ?? 0);
    // Changes that are already queued come first, and then this is no longer the last one.
    const undo = stepping(
      `undo of ${step.what}`,
      () => history.requireLast(step.id),
      (now, revision) => history.undid(now, { who, at_ms: Date.now(), revision }),
      who,
    );
    const { value, ...rest } = await ask(undo);
    return { value: { undone: value }, ...rest };
  }

  /**
   * Redoes the last undone change, if nothing else has changed since. `id`: only if it is that one. Rejects with a
   * RulesRejection.
   */
  async redo(who: CallerIdentity, id?: number): Promise<Done<{ redone: string }>> {
    const { history, ask } = this.#parts;
    const step = history.requireUndone(id ?? history.lastUndone?.id ?? 0);
    const redo = stepping(
      `redo of ${step.what}`,
      () => history.requireUndone(step.id),
      (now, revision) => history.redid(now, { who, at_ms: Date.now(), revision }),
      who,
    );
    const { value, ...rest } = await ask(redo);
    return { value: { redone: value }, ...rest };
  }
}
