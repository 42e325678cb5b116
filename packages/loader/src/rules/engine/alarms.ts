/** Holds the alarms about the rules. Each stays until its cause is resolved. */
import type { RulesAlarm } from '@packetlog/common';

/** The cause of an alarm; there is at most one alarm per subject. */
export type AlarmSubject = Exclude<RulesAlarm['code'], 'set_file'> | `set_file ${string}`;

export class Alarms {
  readonly #alarms = new Map<AlarmSubject, RulesAlarm>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get all(): RulesAlarm[] {
    return [...this.#alarms.values()];
  }

  has(subject: AlarmSubject): boolean {
    return this.#alarms.has(subject);
  }

  /** Raises an alarm, or updates its message. Returns true if the alarm is new or its message has changed. */
  raise(subject: AlarmSubject, message: string): boolean {
    const known = this.#alarms.get(subject);
    if (known?.message === message) return false;
    const code = subject.startsWith('set_file') ? 'set_file' : (subject as RulesAlarm['code']);
    this.#alarms.set(subject, { code, message, since_ms: known?.since_ms ?? Date.now() });
    this.#changed();
    return true;
  }

  /** Clears the alarm: its cause is resolved. */
  end(subject: AlarmSubject): void {
    if (this.#alarms.delete(subject)) this.#changed();
  }

  /** Clears the alarms about sets that no longer exist. */
  keepSets(exists: (name: string) => boolean): void {
    for (const subject of this.#alarms.keys()) {
      const [code, name = ''] = subject.split(' ');
      if (code === 'set_file' && !exists(name)) this.end(subject);
    }
  }
}
