/** The rules as they were in front of each of the last changes, so that the last can be undone. */
import type { NamedSet, RuleBook } from '../book/rule-book.ts';

const LONGEST = 20;

export interface Step {
  readonly before: RuleBook;
  /** What was done then, in words. */
  readonly what: string;
}

export class History {
  #steps: Step[] = [];

  push(step: Step): void {
    this.#steps = [...this.#steps, step].slice(-LONGEST);
  }

  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  pop(): void {
    this.#steps = this.#steps.slice(0, -1);
  }

  clear(): void {
    this.#steps = [];
  }

  /** What a file says now holds for the past, too: to undo a change does not bring an old list back. */
  refreshed(set: NamedSet): void {
    this.#steps = this.#steps.map(({ before, what }) => ({
      before: before.sets.has(set.name) ? { ...before, sets: new Map(before.sets).set(set.name, set) } : before,
      what,
    }));
  }

  /** Every rule that undoing could bring back. */
  ruleIds(): number[] {
    return this.#steps.flatMap(({ before }) => before.rules.map(({ id }) => id));
  }
}
