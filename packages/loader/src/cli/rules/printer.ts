/**
 * Collects the output of a command, text or JSON, until `flush` prints it: printing may wait for a slow reader, which
 * must not happen while the command holds the lock on the rules.
 */
import type { PendingChange, RulesError } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { printableName } from '../../system/interface-name.ts';
import type { EnforcedRules } from '../../xdp/enforced-rules.ts';
import { exitCodeOf, type Outcome } from '../process/exit-code-of.ts';
import { print } from '../process/print.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { enforcedText } from './in-force-text.ts';
import { pendingText } from './rules-text.ts';

type Answer<Value> = { ok: true; value: Value } | { ok: false; error: RulesError };

/** Facts besides the answer. */
interface Offline {
  readonly isOffline: boolean;
  readonly alarms: readonly string[];
  readonly enforced: EnforcedRules | undefined;
}

export class Printer {
  readonly isJson: boolean;
  readonly #printed: string[] = [];
  readonly #output: (() => void)[] = [];

  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  /** `extra`: fields that are added to the JSON. */
  answer<Value>(answer: Answer<Value>, text: (value: Value) => readonly string[], extra: object = {}): Outcome {
    if (answer.ok) {
      this.#print(this.isJson ? [terminalJson({ ...answer.value, ...extra })] : text(answer.value).map(printableName));
      return EXIT.ok;
    }
    if (this.isJson) this.#print([terminalJson({ error: answer.error, ...extra })]);
    else this.#say(`packetlog: ${printableName(answer.error.message)}`);
    return exitCodeOf(answer.error);
  }

  /** Prints the answer to a change; notes and warnings also go to standard error, even with JSON. */
  changed<
    Value extends { pending?: PendingChange | undefined; notes?: readonly string[]; warning?: string | undefined },
  >(answer: Answer<Value>, sentences: (value: Value) => string | readonly string[], extra: object = {}): Outcome {
    const text = (value: Value) => {
      const waits = value.pending ? pendingText(value.pending, Date.now()) : [];
      return [...[sentences(value)].flat().map(printableName), ...waits];
    };
    const outcome = this.answer(answer, text, extra);
    if (!answer.ok) return outcome;
    const { notes = [], warning } = answer.value;
    for (const each of [...notes, ...(warning === undefined ? [] : [warning])])
      this.#say(`Warning: ${printableName(each)}`);
    return outcome;
  }

  text(lines: readonly string[]): void {
    this.#print(lines.map(printableName));
  }

  raw(text: string | Uint8Array): Outcome {
    this.#output.push(() => print(text));
    return EXIT.ok;
  }

  /** Adds alarms and, without a loader, the state of the kernel, on standard error. Returns `outcome`. */
  finish(outcome: Outcome, { isOffline, alarms, enforced }: Offline): Outcome {
    for (const alarm of alarms) if (!this.#printed.some((line) => line.includes(alarm))) this.#say(`Warning: ${alarm}`);
    if (!isOffline || (outcome !== EXIT.ok && outcome !== EXIT.changed)) return outcome;
    if (enforced === undefined) this.#say('packetlog is not running; changes apply at its next start.');
    else for (const line of enforcedText(enforced)) this.#say(line);
    return outcome;
  }

  /** Writes the collected output. */
  flush(): void {
    for (const write of this.#output.splice(0)) write();
  }

  #say(line: string): void {
    this.#output.push(() => say(line));
  }

  #print(lines: readonly string[]): void {
    this.#printed.push(...lines);
    const text = lines.map((line) => `${line}\n`).join('');
    this.#output.push(() => print(text));
  }
}
