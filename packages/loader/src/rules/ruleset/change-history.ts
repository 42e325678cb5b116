/** Keeps the last changes of the rules, with the rules before each of them, for undo and redo. */
import type { RulesStep } from '@packetlog/common';
import { contentHash } from './content-hash.ts';
import { withFleetPart } from './fleet-part.ts';
import { invalid, notFound, type RulesRejection } from './rejection.ts';
import { hasSameOrigin, type NamedSet, type Ruleset } from './ruleset.ts';

const MAX_STEPS = 20;

export interface Step extends RulesStep {
  /** The rules that undo (or redo) restores. */
  readonly back: Ruleset;
}

/** A step that the history has not yet given an id. */
export type NewStep = Omit<Step, 'id'>;

type StepFacts = Pick<Step, 'who' | 'at_ms' | 'revision'>;

export class History {
  #steps: readonly Step[] = [];
  /** Undone steps that can be redone; the next one is last. */
  #undone: readonly Step[] = [];
  #lastId = 0;

  /** Returns a new, unique step id. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Adds a confirmed change. Clears the undone steps: redoing one would undo this change. */
  push(step: NewStep): void {
    this.#steps = [...this.#steps, { ...step, id: this.nextId() }].slice(-MAX_STEPS);
    this.#undone = [];
  }

  /**
   * Records that a generation of the fleet is in force with `now`. It is no step: undo of earlier steps keeps it.
   */
  keepFleet(now: Ruleset): void {
    const keep = (step: Step): Step => ({ ...step, back: withFleetPart(step.back, now) });
    this.#steps = this.#steps.map(keep);
    this.#undone = this.#undone.map(keep);
  }

  /** Adds a change that was pending together with a generation: what it changed beside it is the step, if anything. */
  pushBesideFleet(step: NewStep, now: Ruleset): void {
    this.keepFleet(now);
    const back = withFleetPart(step.back, now);
    if (contentHash(back) !== contentHash(now)) this.push({ ...step, back });
  }

  /** The step that undo would act on. */
  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  /** The step that redo would act on. */
  get lastUndone(): Step | undefined {
    return this.#undone.at(-1);
  }

  /** Returns the last step, whose id must be `id`. Throws RulesRejection. */
  requireLast(id: number): Step {
    return required(this.last, id, 'undone');
  }

  /** Returns the step to redo, whose id must be `id`. Throws RulesRejection. */
  requireUndone(id: number): Step {
    return required(this.lastUndone, id, 'redone');
  }

  /** Records that the last step was undone. `now`: the rules before the undo. `by`: the caller, time and revision. */
  undid(now: Ruleset, by: StepFacts): void {
    const step = this.last;
    if (step === undefined) return;
    this.#steps = this.#steps.slice(0, -1);
    this.#undone = [...this.#undone, { ...step, ...by, id: this.nextId(), back: now }].slice(-MAX_STEPS);
  }

  /** Records that the last undone step was redone. */
  redid(now: Ruleset, by: StepFacts): void {
    const step = this.lastUndone;
    if (step === undefined) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#steps = [...this.#steps, { ...step, ...by, id: this.nextId(), back: now }].slice(-MAX_STEPS);
  }

  clear(): void {
    this.#steps = [];
    this.#undone = [];
  }

  /**
   * Applies the new content of a set's file to past steps, so that undoing a change does not restore an old list. Lists
   * of the same name with another origin stay as they were.
   */
  refreshed(set: NamedSet): void {
    const refresh = (step: Step): Step =>
      hasSameOrigin(step.back.sets.get(set.name), set)
        ? { ...step, back: { ...step.back, sets: new Map(step.back.sets).set(set.name, set) } }
        : step;
    this.#steps = this.#steps.map(refresh);
    this.#undone = this.#undone.map(refresh);
  }

  /** Returns the id of every rule that undo or redo could restore. */
  ruleIds(): number[] {
    return [...this.#steps, ...this.#undone].flatMap(({ back }) => back.rules.map(({ id }) => id));
  }
}

function required(step: Step | undefined, id: number, done: string): Step {
  if (step === undefined) throw notFound(`No change since the loader started can be ${done}.`);
  if (step.id !== id) throw otherStep(step);
  return step;
}

/** Builds the rejection of an undo or redo whose step is no longer the last one. */
export function otherStep({ what, who }: RulesStep): RulesRejection {
  return invalid(
    `Nothing was changed: the last change is now "${what}", by ${who.name}. Check it, then try again.`,
    'change',
  );
}

/** Returns the step as clients receive it. */
export function stepForClients({ id, what, who: { name, via }, at_ms, revision }: RulesStep): RulesStep {
  return { id, what, who: { name, via }, at_ms, revision };
}
