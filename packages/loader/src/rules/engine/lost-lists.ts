/** Keeps an alarm for each list that was damaged or lost on the disk, while the rest of it is in force. */
import type { NamedSet } from '../ruleset/ruleset.ts';
import type { LostList } from '../store/list-copies.ts';
import type { Alarms } from './alarms.ts';
import type { Journal } from './journal.ts';

export class LostLists {
  readonly #alarms: Alarms;
  readonly #journal: Journal;
  /** Alarm message by the remaining text of the list. */
  readonly #messages = new Map<Uint8Array, string>();

  constructor(alarms: Alarms, journal: Journal) {
    this.#alarms = alarms;
    this.#journal = journal;
  }

  /** Raises an alarm for each list that was found lost at start. */
  found(lost: readonly LostList[]): void {
    for (const { set, text, message } of lost) {
      this.#messages.set(text, message);
      if (this.#alarms.raise(`set_file ${set}`, message)) this.#journal.notice('rules_fallback', 'error', message);
    }
  }

  /** Returns whether the set has only the rest of a lost list. */
  has({ text }: NamedSet): boolean {
    return text !== undefined && this.#messages.has(text);
  }

  /** Updates the alarms after a change: undo and revert can restore lost lists. */
  update(sets: Iterable<NamedSet>): void {
    for (const { name, text } of sets) {
      const message = text && this.#messages.get(text);
      if (message !== undefined && !this.#alarms.has(`set_file ${name}`))
        this.#alarms.raise(`set_file ${name}`, message);
    }
  }
}
