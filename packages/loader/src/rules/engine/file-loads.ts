/** Loads the rules file through the pipeline, and keeps an alarm while the file differs from the rules in force. */
import { removeExpired } from '../ruleset/changes.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import type { Pending } from '../ruleset/pending.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { RuleStore } from '../store/rule-store.ts';
import type { Alarms } from './alarms.ts';
import { type Change, FILE, reloading } from './change.ts';
import type { Done } from './change-queue.ts';
import type { Journal } from './journal.ts';
import { messageOf } from './rejection-text.ts';
import type { Start } from './start.ts';

export interface FileLoadsParts {
  readonly store: Pick<RuleStore, 'isAccepted' | 'isUnconfirmed' | 'fileAgrees'>;
  /** The file's name for messages. */
  readonly rulesFile: string;
  readonly alarms: Alarms;
  readonly journal: Journal;
  readonly confirmed: () => Ruleset;
  readonly pending: Pending;
  /** Revision of the current rules. */
  readonly revision: () => number;
  /** Makes the change at once; called from within the queue. */
  readonly make: (change: Change<undefined>) => Promise<Done<undefined>>;
  readonly note: (about: Pick<Change<unknown>, 'what' | 'who' | 'why'>) => void;
}

export class FileLoads {
  readonly #parts: FileLoadsParts;

  constructor(parts: FileLoadsParts) {
    this.#parts = parts;
  }

  /** Reloads the file while the loader runs. A pending change is not in the file, and stays pending. */
  async loadAgain(ruleset: Ruleset, why: string): Promise<Done<undefined>> {
    const { pending, confirmed, revision } = this.#parts;
    if (!pending.isThere || contentNow(ruleset) !== contentNow(confirmed())) return await this.load(ruleset, why);
    pending.fileWaits(undefined);
    this.#agrees(ruleset);
    return { value: undefined, revision: revision(), pending: undefined };
  }

  /**
   * Loads a ruleset. Call it from within the queue. Resolves when the ruleset is in force or pending. Rejects with a
   * RulesRejection and raises an alarm with the reason.
   */
  async load(ruleset: Ruleset, why: string): Promise<Done<undefined>> {
    const { store, rulesFile, alarms, confirmed, make } = this.#parts;
    const content = contentNow(ruleset);
    const isAccepted = store.isAccepted(content) || content === contentNow(confirmed());
    try {
      const done = await make(reloading(ruleset, why, FILE, isAccepted));
      if (done.pending === undefined) store.fileAgrees(ruleset);
      alarms.end('rules_file');
      return done;
    } catch (error) {
      this.rejected(
        `The rules file ${rulesFile} was edited and is rejected: ${messageOf(error)} The previous rules stay in force. ` +
          'Correct the file and reload (kill -HUP).',
      );
      throw error;
    }
  }

  /**
   * Sends an edit that was found at start through the pipeline. Call it from within the queue. Rejects if the edit is
   * rejected and no earlier rules were in force.
   */
  async evaluateEdit({ from, edited, fileAlarm }: Start): Promise<void> {
    if (fileAlarm !== undefined) this.rejected(fileAlarm);
    if (edited === undefined) return;
    try {
      await this.#atStart(edited);
    } catch (error) {
      if (from === 'nothing') throw error;
    }
  }

  /**
   * Loads an edit, unless it was not confirmed in time before: a loader that restarts often would try it each time.
   * Then it raises an alarm and resolves; the operator can try the edit again with a reload.
   */
  async #atStart(ruleset: Ruleset): Promise<void> {
    const { store, rulesFile } = this.#parts;
    const contents = [contentHash(ruleset), contentNow(ruleset)];
    if (!contents.some((content) => store.isUnconfirmed(content))) {
      await this.load(ruleset, 'edited by hand');
      return;
    }
    this.rejected(
      `The rules file ${rulesFile} was not confirmed in time and is not in force. The previous ` +
        'rules are. To try it again, reload (kill -HUP), then: packetlog rules confirm.',
    );
  }

  /** Raises an alarm: a pending edit has reverted. */
  reverted(): void {
    this.rejected(
      `The edit of the rules file ${this.#parts.rulesFile} was not confirmed and has reverted. The previous rules are ` +
        'in force. To try it again, reload (kill -HUP), then: packetlog rules confirm.',
    );
  }

  /** Raises an alarm: the rules file differs from the rules in force. */
  rejected(message: string): void {
    const { alarms, journal, note } = this.#parts;
    if (!alarms.raise('rules_file', message)) return;
    journal.notice('rules_fallback', 'error', message);
    note({ what: 'fallback', who: FILE, why: message });
  }

  /** Raises an alarm: the rules are in force, but no copy of them can be stored. Undefined clears it. */
  notKept(problem: string | undefined): void {
    const { alarms, journal } = this.#parts;
    if (problem === undefined) {
      alarms.end('state_directory');
      return;
    }
    const message =
      `The rules are in force, but no copy of them can be stored: ${problem}. If the rules file is damaged later, an ` +
      'older copy is used instead. Make the directory writable, or name another with PACKETLOG_STATE_DIR.';
    if (alarms.raise('state_directory', message)) journal.notice('rules_fallback', 'warning', message);
  }

  /** Clears the alarm: the file matches the confirmed rules. */
  #agrees(ruleset: Ruleset): void {
    this.#parts.store.fileAgrees(ruleset);
    this.#parts.alarms.end('rules_file');
  }
}

/**
 * Returns the hash of the content without expired rules: a permit rule that expired after the content was accepted no
 * longer protects an address.
 */
function contentNow(ruleset: Ruleset): string {
  return contentHash(removeExpired(ruleset, Date.now()).ruleset);
}
