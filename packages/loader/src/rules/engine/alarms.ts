/** Alarms about the rules: each stays until what it is about is dealt with. */
import type { RulesAlarm } from '@packetlog/common';

/** What an alarm is about; there is one alarm for each. */
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

  /** True: it is a new one, or says something else than before. */
  raise(subject: AlarmSubject, message: string): boolean {
    const known = this.#alarms.get(subject);
    if (known?.message === message) return false;
    const code = subject.startsWith('set_file') ? 'set_file' : (subject as RulesAlarm['code']);
    this.#alarms.set(subject, { code, message, since_ms: known?.since_ms ?? Date.now() });
    this.#changed();
    return true;
  }

  /** It was dealt with. */
  end(subject: AlarmSubject): void {
    if (this.#alarms.delete(subject)) this.#changed();
  }

  /** Ends those about sets that are not there any more. */
  keepSets(isThere: (name: string) => boolean): void {
    for (const subject of this.#alarms.keys()) {
      const [code, name = ''] = subject.split(' ');
      if (code === 'set_file' && !isThere(name)) this.end(subject);
    }
  }
}
