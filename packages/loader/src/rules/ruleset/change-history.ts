/** The last changes of the rules, and the rules before each of them: what undo and redo go back to. */
import type { RulesStep } from '@packetlog/common';
import { invalid, notFound, type RulesRejection } from './rejection.ts';
import { hasSameOrigin, type NamedSet, type Ruleset } from './ruleset.ts';

const LONGEST = 20;

export interface Step extends RulesStep {
  /** The rules that undo (or redo) restores. */
  readonly back: Ruleset;
}

/** What a step is about; the history numbers it. */
export type NewStep = Omit<Step, 'id'>;

type Doing = Pick<Step, 'who' | 'at_ms' | 'revision'>;

export class History {
  #steps: readonly Step[] = [];
  /** Steps that were undone and can be done again, the next one last. */
  #undone: readonly Step[] = [];
  #lastId = 0;

  /** A number for a step; each is given once. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** A change holds. What was undone before it cannot be done again: it would undo this one. */
  push(step: NewStep): void {
    this.#steps = [...this.#steps, { ...step, id: this.nextId() }].slice(-LONGEST);
    this.#undone = [];
  }

  /** What undo is about next. */
  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  /** What redo is about next. */
  get lastUndone(): Step | undefined {
    return this.#undone.at(-1);
  }

  /** The last step, which must be `id`. Throws RulesRejection. */
  requireLast(id: number): Step {
    return required(this.last, id, 'undone');
  }

  /** The step to redo, which must be `id`. Throws RulesRejection. */
  requireUndone(id: number): Step {
    return required(this.lastUndone, id, 'done again');
  }

  /** The last step was undone; `now`: the rules as they were until then. `by`: who did it, and when. */
  undid(now: Ruleset, by: Doing): void {
    const step = this.last;
    if (step === undefined) return;
    this.#steps = this.#steps.slice(0, -1);
    this.#undone = [...this.#undone, { ...step, ...by, id: this.nextId(), back: now }].slice(-LONGEST);
  }

  /** The step that was undone last was done again. */
  redid(now: Ruleset, by: Doing): void {
    const step = this.lastUndone;
    if (step === undefined) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#steps = [...this.#steps, { ...step, ...by, id: this.nextId(), back: now }].slice(-LONGEST);
  }

  clear(): void {
    this.#steps = [];
    this.#undone = [];
  }

  /**
   * What a file says now holds for the past, too: to undo a change does not bring an old list back. A list of the same
   * name from elsewhere stays as it was.
   */
  refreshed(set: NamedSet): void {
    const refresh = (step: Step): Step =>
      hasSameOrigin(step.back.sets.get(set.name), set)
        ? { ...step, back: { ...step.back, sets: new Map(step.back.sets).set(set.name, set) } }
        : step;
    this.#steps = this.#steps.map(refresh);
    this.#undone = this.#undone.map(refresh);
  }

  /** Every rule that undo or redo could bring back. */
  ruleIds(): number[] {
    return [...this.#steps, ...this.#undone].flatMap(({ back }) => back.rules.map(({ id }) => id));
  }
}

function required(step: Step | undefined, id: number, done: string): Step {
  if (step === undefined) throw notFound(`There is no change that could be ${done} since the loader started.`);
  if (step.id !== id) throw otherStep(step);
  return step;
}

/** The rules were changed between the look and the request. */
export function otherStep({ what, who }: RulesStep): RulesRejection {
  return invalid(
    `Nothing was changed: the last change is another one by now: "${what}", by ${who.name}. Look at it, then try again.`,
    'change',
  );
}

/** As clients are told of it. */
export function toldStep({ id, what, who: { name, via }, at_ms, revision }: RulesStep): RulesStep {
  return { id, what, who: { name, via }, at_ms, revision };
}
