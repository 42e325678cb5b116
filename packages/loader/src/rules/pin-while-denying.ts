/** Has program and maps outlive the process while something is denied. */
import { denies, type Ruleset } from './ruleset/ruleset.ts';

/** Resolves with where they are kept, if they are. */
export type Pin = (on: boolean) => Promise<string | undefined>;

export class Pinning {
  #pin: Pin | undefined;
  /** Undefined: not said yet; a loader before may have left something pinned. */
  #isWanted: boolean | undefined;
  #path: string | undefined;
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Where they are kept, if they are. */
  get path(): string | undefined {
    return this.#path;
  }

  /** From now on, beginning with these rules. */
  async by(pin: Pin, ruleset: Ruleset): Promise<void> {
    this.#pin = pin;
    await this.follow(ruleset);
  }

  /** These are confirmed and in force. */
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
