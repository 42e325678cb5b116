/** Ends a pending change: it is confirmed, reverted on request, or reverts when its lease ends. */
import type { RulesResults } from '@packetlog/common';
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import { invalid, notFound } from '../ruleset/rejection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { type Change, LOADER } from './change.ts';
import type { FileLoads } from './file-loads.ts';
import type { Journal } from './journal.ts';
import type { PipelineParts } from './pipeline.ts';
import { pushWaited, settle } from './publish.ts';
import { STAYS_IN_FRONT, stillInFront } from './rejection-text.ts';

export interface WaitingParts {
  readonly pipeline: PipelineParts;
  readonly files: FileLoads;
  readonly fileAgrees: (ruleset: Ruleset) => void;
  readonly journal: Journal;
  readonly note: (about: Pick<Change<unknown>, 'what' | 'who' | 'why'>) => void;
  /** Called when the rules have changed; returns their revision. */
  readonly changed: () => number;
}

export class WaitingChange {
  readonly #parts: WaitingParts;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
  }

  /**
   * Confirms and writes the change; a warning says if it could not be written. Throws RulesRejection; it then stays
   * pending.
   */
  async confirm(caller: CallerIdentity): Promise<RulesResults['confirm']> {
    const { pipeline, fileAgrees, note, changed } = this.#parts;
    const { enforcement, pending } = pipeline;
    const { provisional, confirmed } = enforcement;
    if (!pending.isThere || provisional === undefined) {
      throw notFound('No change is pending. It may have reverted already; see: packetlog rules audit.');
    }
    if (pending.canOnlyRevert) throw invalid(STAYS_IN_FRONT);
    const { step, forClients, untilMonoNs } = pending;
    const fileSaysIt = pending.fileContent === contentHash(provisional.ruleset);
    const warning = await settle(pipeline, provisional, { fileSaysIt });
    if (fileSaysIt) fileAgrees(provisional.ruleset);
    await enforcement.release(untilMonoNs);
    if (step !== undefined) pushWaited(pipeline, { ...step, back: confirmed.ruleset }, provisional.ruleset);
    pending.end();
    note({ what: 'confirm', who: caller, why: forClients?.why ?? '' });
    return { revision: changed(), ...(warning === undefined ? {} : { warning }) };
  }

  /** Throws RulesRejection if no change is pending, or the kernel rejects the revert. */
  async revert(caller: CallerIdentity): Promise<number> {
    const { enforcement, pending } = this.#parts.pipeline;
    const { step } = pending;
    if (step === undefined) throw notFound('No change is pending. To undo the last change: packetlog rules undo.');
    try {
      await enforcement.unstage();
    } catch (cause) {
      throw stillInFront(cause);
    }
    return this.#end(caller, step.what);
  }

  /** Reverts the change, unless it was confirmed, reverted or prolonged since `lease` began. */
  async timeIsOver(lease: object | undefined): Promise<void> {
    const { pipeline, journal } = this.#parts;
    const { enforcement, pending } = pipeline;
    if (lease === undefined || pending.lease !== lease) return;
    const why = pending.forClients?.why;
    // The kernel already ignores it: its lease has ended.
    await enforcement.release(0n);
    this.#end(LOADER, 'it was not confirmed in time');
    journal.notice('rules_reverted', 'warning', `The change was reverted: it was not confirmed in time. ${why}`);
  }

  /**
   * Records that the pending change reverted because the kernel rejected it together with another one. The report of
   * the other change updates clients.
   */
  fell(why: string, isFromFile: boolean): void {
    const { files, journal, note } = this.#parts;
    note({ what: 'revert', who: LOADER, why });
    journal.notice('rules_reverted', 'warning', why);
    if (isFromFile) files.reverted();
  }

  #end(caller: CallerIdentity, why: string): number {
    const { pipeline, files, note, changed } = this.#parts;
    const isFromFile = pipeline.pending.fileContent !== undefined;
    pipeline.pending.end();
    note({ what: 'revert', who: caller, why });
    if (isFromFile) files.reverted();
    return changed();
  }
}
