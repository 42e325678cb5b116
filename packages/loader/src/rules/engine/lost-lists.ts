/** Lists of which something was lost on the disk: an alarm for each, for as long as what is left of it is in force. */
import type { NamedSet } from '../ruleset/ruleset.ts';
import type { LostList } from '../store/list-copies.ts';
import type { Alarms } from './alarms.ts';
import type { Journal } from './journal.ts';

export class LostLists {
  readonly #alarms: Alarms;
  readonly #journal: Journal;
  /** By what is left of the list. */
  readonly #messages = new Map<Uint8Array, string>();

  constructor(alarms: Alarms, journal: Journal) {
    this.#alarms = alarms;
    this.#journal = journal;
  }

  /** A start found them. */
  found(lost: readonly LostList[]): void {
    for (const { set, text, message } of lost) {
      this.#messages.set(text, message);
      if (this.#alarms.raise(`set_file ${set}`, message)) this.#journal.notice('rules_fallback', 'error', message);
    }
  }

  /** Whether the list of this set is what is left of one. */
  has({ text }: NamedSet): boolean {
    return text !== undefined && this.#messages.has(text);
  }

  /** After each change: undo and revert bring them back, too. */
  look(sets: Iterable<NamedSet>): void {
    for (const { name, text } of sets) {
      const message = text && this.#messages.get(text);
      if (message !== undefined && !this.#alarms.has(`set_file ${name}`))
        this.#alarms.raise(`set_file ${name}`, message);
    }
  }
}
