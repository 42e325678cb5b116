/** Loads the rules file through the pipeline, and keeps the alarm as long as the file is not what is in force. */
import { removeExpired } from '../ruleset/changes.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { RuleStore } from '../store/rule-store.ts';
import type { Alarms } from './alarms.ts';
import { type Change, FILE, reloading } from './change.ts';
import type { Done } from './change-queue.ts';
import type { Journal } from './journal.ts';
import type { Pending } from './pending.ts';
import { messageOf } from './rejection-text.ts';
import type { Start } from './start.ts';

export interface FileLoadsParts {
  readonly store: Pick<RuleStore, 'isAccepted' | 'isUnconfirmed' | 'fileAgrees'>;
  /** For sentences. */
  readonly rulesFile: string;
  readonly alarms: Alarms;
  readonly journal: Journal;
  readonly confirmed: () => Ruleset;
  readonly pending: Pending;
  /** Of the rules now. */
  readonly revision: () => number;
  /** Makes the change in the turn that it is called in. */
  readonly make: (change: Change<undefined>) => Promise<Done<undefined>>;
  readonly note: (about: Pick<Change<unknown>, 'what' | 'who' | 'why'>) => void;
}

export class FileLoads {
  readonly #parts: FileLoadsParts;

  constructor(parts: FileLoadsParts) {
    this.#parts = parts;
  }

  /** The file of a running loader, in its turn. What waits to be confirmed is not in the file, and goes on waiting. */
  async loadAgain(ruleset: Ruleset, why: string): Promise<Done<undefined>> {
    const { pending, confirmed, revision } = this.#parts;
    if (!pending.isThere || contentNow(ruleset) !== contentNow(confirmed())) return await this.load(ruleset, why);
    pending.fileWaits(undefined);
    this.#agrees(ruleset);
    return { value: undefined, revision: revision(), pending: undefined };
  }

  /** Call it in its turn. Resolves when it is in force, or waits to be confirmed. Rejects with a RulesRejection; the alarm says why. */
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
        `The rules file ${rulesFile} was edited and is rejected: ${messageOf(error)} The rules before it are in force. ` +
          'Correct the file and reload (kill -HUP).',
      );
      throw error;
    }
  }

  /** What a start found of the file, in its turn. Rejects if it is rejected and nothing was in force before it. */
  async judgeEdit({ from, edited, fileAlarm }: Start): Promise<void> {
    if (fileAlarm !== undefined) this.rejected(fileAlarm);
    if (edited === undefined) return;
    try {
      await this.#atStart(edited);
    } catch (error) {
      if (from === 'nothing') throw error;
    }
  }

  /**
   * At start a content that had its time and was not confirmed does not get it again: a loader may start many times.
   * That is an alarm and resolves, so that there is a loader that can be asked to try it again.
   */
  async #atStart(ruleset: Ruleset): Promise<void> {
    const { store, rulesFile } = this.#parts;
    const contents = [contentHash(ruleset), contentNow(ruleset)];
    if (!contents.some((content) => store.isUnconfirmed(content))) {
      await this.load(ruleset, 'edited by hand');
      return;
    }
    this.rejected(
      `The rules file ${rulesFile} was in force for a while and was not confirmed, so it is not in force. The rules ` +
        'before it are. To try it again, reload (kill -HUP), then: packetlog rules confirm.',
    );
  }

  /** An edit waited to be confirmed, and has reverted. */
  reverted(): void {
    this.rejected(
      `The edit of the rules file ${this.#parts.rulesFile} was not confirmed and has reverted. The rules before it are ` +
        'in force. To try it again, reload (kill -HUP), then: packetlog rules confirm.',
    );
  }

  /** The rules file is not what is in force. */
  rejected(message: string): void {
    const { alarms, journal, note } = this.#parts;
    if (!alarms.raise('rules_file', message)) return;
    journal.notice('rules_fallback', 'error', message);
    note({ what: 'fallback', who: FILE, why: message });
  }

  /** It is in force, but the directory that keeps copies cannot be written; undefined: it can. */
  notKept(problem: string | undefined): void {
    const { alarms, journal } = this.#parts;
    if (problem === undefined) {
      alarms.end('state_directory');
      return;
    }
    const message =
      `The rules are in force, but no copy of them can be kept: ${problem}. If the rules file is damaged later, an ` +
      'older copy takes its place. Give access to the directory, or name another with PACKETLOG_STATE_DIR.';
    if (alarms.raise('state_directory', message)) journal.notice('rules_fallback', 'warning', message);
  }

  /** The file says what is confirmed. */
  #agrees(ruleset: Ruleset): void {
    this.#parts.store.fileAgrees(ruleset);
    this.#parts.alarms.end('rules_file');
  }
}

/** Without rules that have expired: a permit that ended since its content was accepted protects nobody any more. */
function contentNow(ruleset: Ruleset): string {
  return contentHash(removeExpired(ruleset, Date.now()).ruleset);
}
