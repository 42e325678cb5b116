/**
 * Answers several questions in turns, a little of each: a quick one does not wait for all of a long one, and messages
 * are read in between.
 */

export interface Question {
  readonly id: number;
  /** Whether its sums take tens of megabytes: one such question runs at a time. */
  readonly isLarge: boolean;
  /** Runs until the next pause; returns whether it has ended. Must not throw. */
  readonly step: () => boolean;
}

/** Questions that are being answered; further ones wait. */
const MAX_ACTIVE = 3;
/** Time of one turn, ms; the step that begins last may exceed it. */
const TURN_MS = 10;

export class Turns {
  readonly #now: () => number;
  readonly #later: (action: () => void) => void;
  #active: Question[] = [];
  #waiting: Question[] = [];
  #isPlanned = false;

  /** `now` returns milliseconds; `later` runs an action after messages were read. */
  constructor(now: () => number, later: (action: () => void) => void) {
    this.#now = now;
    this.#later = later;
  }

  add(question: Question): void {
    this.#waiting.push(question);
    this.#plan();
  }

  cancel(id: number): void {
    const others = ({ id: other }: Question) => other !== id;
    this.#active = this.#active.filter(others);
    this.#waiting = this.#waiting.filter(others);
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#later(() => {
      this.#isPlanned = false;
      this.#takeTurn();
      if (this.#active.length + this.#waiting.length > 0) this.#plan();
    });
  }

  #takeTurn(): void {
    this.#admit();
    const question = this.#active.shift();
    if (question === undefined) return;
    const from = this.#now();
    let hasEnded = question.step();
    while (!hasEnded && this.#now() - from < TURN_MS) hasEnded = question.step();
    if (!hasEnded) this.#active.push(question);
  }

  #admit(): void {
    while (this.#active.length < MAX_ACTIVE) {
      const isBusy = this.#active.some(({ isLarge }) => isLarge);
      const next = this.#waiting.findIndex(({ isLarge }) => !(isLarge && isBusy));
      if (next === -1) return;
      this.#active.push(...this.#waiting.splice(next, 1));
    }
  }
}
