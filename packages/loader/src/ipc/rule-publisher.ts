/** The serving thread's way to put rule sets in force. */
import { fromPlain } from '../errors/setup-error.ts';
import type { FromDrain, ToDrain } from './messages.ts';
import type { RuleCount } from './rule-counts.ts';
import type { RuleSlot } from './rule-slot.ts';

type Answer = Extract<FromDrain, { type: 'rules' | 'rule-counts' | 'in-force' }>;
export type KernelState = Pick<Extract<Answer, { type: 'in-force' }>, 'images' | 'attached' | 'unfiltered'>;

interface Waiting {
  answer: (answer: Answer) => void;
  fail: (error: Error) => void;
}

export class RulePublisher {
  readonly #send: (message: ToDrain) => void;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  #failed: Error | undefined;

  constructor(send: (message: ToDrain) => void) {
    this.#send = send;
  }

  /**
   * Puts a whole compiled set into a slot, or with undefined none. Resolves when no packet is judged by what was there
   * before; rejects with a SetupError, and the slot holds what it held. Calls take effect in their order.
   * `freshCounters`: counter slots that no set in force uses and this one does; they begin at zero. `owners`: counter
   * slot by rule, which a loader that takes over is told.
   */
  async publish(
    slot: RuleSlot,
    image: SharedArrayBuffer | undefined,
    freshCounters: readonly number[] = [],
    owners: ReadonlyMap<number, number> = new Map(),
  ): Promise<void> {
    const answer = await this.#ask((request) => ({ type: 'rules', request, slot, image, freshCounters, owners }));
    if (answer.type === 'rules' && answer.error) throw fromPlain(answer.error);
  }

  /** What these counter slots stand at. */
  async counts(slots: readonly number[]): Promise<RuleCount[]> {
    const answer = await this.#ask((request) => ({ type: 'rule-counts', request, slots }));
    return answer.type === 'rule-counts' ? answer.ruleCounts : [];
  }

  /** What the kernel has, asked of it now. */
  async inForce(): Promise<KernelState> {
    const answer = await this.#ask((request) => ({ type: 'in-force', request }));
    return answer.type === 'in-force' ? answer : { images: false, attached: [], unfiltered: [] };
  }

  /** For the drain thread's answers. */
  answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.request);
    this.#waiting.delete(answer.request);
    waiting?.answer(answer);
  }

  /** The drain thread is no more: nothing will be answered. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { fail } of this.#waiting.values()) fail(error);
    this.#waiting.clear();
  }

  #ask(message: (request: number) => ToDrain): Promise<Answer> {
    if (this.#failed) return Promise.reject(this.#failed);
    const request = ++this.#requests;
    return new Promise((answer, fail) => {
      this.#waiting.set(request, { answer, fail });
      this.#send(message(request));
    });
  }
}
