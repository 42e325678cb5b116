/** What becomes of a risky change: it is confirmed, reverted on request, or reverts when its time is over. */
import { contentHash } from '../book/content-hash.ts';
import type { RuleBook } from '../book/rule-book.ts';
import { notFound } from '../refusal.ts';
import { type Change, LOADER, type Who } from './change.ts';
import type { FileLoads } from './file-loads.ts';
import type { Journal } from './journal.ts';
import type { PipelineParts } from './pipeline.ts';
import { settle } from './stages/publish.ts';

export interface WaitingParts {
  readonly pipeline: PipelineParts;
  readonly files: FileLoads;
  readonly fileAgrees: (book: RuleBook) => void;
  readonly journal: Journal;
  readonly note: (about: Pick<Change<unknown>, 'what' | 'who' | 'why'>) => void;
  /** The rules are others now; gives their revision. */
  readonly changed: () => number;
}

export class WaitingChange {
  readonly #parts: WaitingParts;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
  }

  /** It stays, and is written. Throws RulesRefusal; it goes on waiting then. */
  async confirm(who: Who): Promise<number> {
    const { pipeline, fileAgrees, note, changed } = this.#parts;
    const { enforcement, pending, history } = pipeline;
    const { provisional, confirmed } = enforcement;
    if (!pending.isThere || provisional === undefined) {
      throw notFound('Nothing waits to be confirmed. It may have reverted already; see: packetlog rules audit.');
    }
    const { step, told } = pending;
    const fileSaysIt = pending.fileContent === contentHash(provisional.book);
    await settle(pipeline, provisional, { fileSaysIt });
    if (fileSaysIt) fileAgrees(provisional.book);
    await enforcement.withdraw();
    pending.end();
    if (step !== undefined) history.push({ ...step, back: confirmed.book });
    note({ what: 'confirm', who, why: told?.why ?? '' });
    return changed();
  }

  /** Throws RulesRefusal if nothing waits. */
  async revert(who: Who): Promise<number> {
    const { pending } = this.#parts.pipeline;
    if (pending.step !== undefined) return await this.#revert(who, pending.step.what);
    throw notFound('Nothing waits to be confirmed. To undo the last change: packetlog rules undo.');
  }

  /** Its time is over, unless it was confirmed, reverted or prolonged since `lease` began. */
  async timeIsOver(lease: object | undefined): Promise<void> {
    const { pipeline, journal } = this.#parts;
    const { pending } = pipeline;
    if (lease === undefined || pending.lease !== lease) return;
    const why = pending.told?.why;
    await this.#revert(LOADER, 'it was not confirmed in time');
    journal.notice('rules_reverted', 'warning', `The change was reverted: it was not confirmed in time. ${why}`);
  }

  async #revert(who: Who, why: string): Promise<number> {
    const { pipeline, files, note, changed } = this.#parts;
    const { enforcement, pending } = pipeline;
    const isFromFile = pending.fileContent !== undefined;
    await enforcement.withdraw();
    pending.end();
    note({ what: 'revert', who, why });
    if (isFromFile) files.reverted();
    return changed();
  }
}
