/** Pins program and maps while rules may deny packets, so that they outlive the process. */
import { denies, type Ruleset } from './ruleset/ruleset.ts';

/** Pins, or removes the pins. Resolves with the path of the pins, if there are any. */
export type Pin = (on: boolean) => Promise<string | undefined>;

export class Pinning {
  #pin: Pin | undefined;
  /** Undefined before the first call: an earlier loader may have left pins. */
  #isWanted: boolean | undefined;
  #path: string | undefined;
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Path of the pins, if there are any. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Sets the pin function and applies it to these rules. */
  async by(pin: Pin, ruleset: Ruleset): Promise<void> {
    this.#pin = pin;
    await this.follow(ruleset);
  }

  /** Updates the pins for rules that are confirmed and in force. */
  async follow(ruleset: Ruleset): Promise<void> {
    const isWanted = denies(ruleset);
    if (this.#pin === undefined || isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    try {
      this.#path = await this.#pin(isWanted);
    } catch (error) {
      this.#failed(error);
    }
  }
}
