/** Joins the parts of a generation that is longer than a message between the processes. One of each hub. */
import type { Signed } from '@packetlog/common/fleet';
import type { QuestionOf } from '../ipc/fleet/fleet-access.ts';

export class GenerationParts {
  #parts: string[] = [];
  #signature = '';

  /** Returns the generation after its last part; undefined while more are expected; `invalid` if one is missing. */
  add({ part, parts, payload, signature }: QuestionOf<'generation'>): Signed | 'invalid' | undefined {
    if (part === 0) {
      this.#parts = [];
      this.#signature = signature;
    }
    if (part !== this.#parts.length || part >= parts || signature !== this.#signature) {
      this.#parts = [];
      return 'invalid';
    }
    this.#parts.push(payload);
    if (this.#parts.length < parts) return undefined;
    const whole = this.#parts.join('');
    this.#parts = [];
    return { payload: whole, signature };
  }
}
