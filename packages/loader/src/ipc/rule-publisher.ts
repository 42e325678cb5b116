/** Puts rule sets in force from the serving thread. */
import { fromPlain } from '../errors/setup-error.ts';
import type { FromDrain, ToDrain } from './messages.ts';
import type { LimitStateCopy, RuleCount } from './rule-counts.ts';
import type { RuleSlot } from './rule-slot.ts';

type Answer = Extract<FromDrain, { type: 'rules' | 'rule-counts' | 'in-force' | 'limit-state' }>;
export type KernelState = Pick<Extract<Answer, { type: 'in-force' }>, 'images' | 'attached' | 'unfiltered'>;

interface PendingRequest {
  answer: (answer: Answer) => void;
  fail: (error: Error) => void;
}

export class RulePublisher {
  readonly #send: (message: ToDrain) => void;
  readonly #pending = new Map<number, PendingRequest>();
  #requests = 0;
  #failed: Error | undefined;

  constructor(send: (message: ToDrain) => void) {
    this.#send = send;
  }

  /**
   * Puts a whole compiled set into a slot; with `image` undefined, clears the slot. Resolves when no packet is checked
   * against the old set any longer; rejects with a SetupError, and the slot is unchanged. Calls take effect in order.
   * `freshCounters`: counter slots that no set in force uses and this one does; they start at zero. `owners`: counter
   * slot by rule, for a loader that takes over.
   */
  async publish(
    slot: RuleSlot,
    image: SharedArrayBuffer | undefined,
    freshCounters: readonly number[] = [],
    owners: ReadonlyMap<number, number> = new Map(),
  ): Promise<void> {
    const answer = await this.#request((request) => ({ type: 'rules', request, slot, image, freshCounters, owners }));
    if (answer.type === 'rules' && answer.error) throw fromPlain(answer.error);
  }

  /**
   * Ends rules that have an end, in both slots, as if it had come, without replacing the sets. Resolves when no packet is
   * checked against them any longer; rejects with the error of the system call: then some may have ended.
   */
  async end(ids: readonly number[]): Promise<void> {
    const answer = await this.#request((request) => ({ type: 'end-rules', request, ids }));
    if (answer.type === 'rules' && answer.error) throw fromPlain(answer.error);
  }

  /** Returns the current values of these counter slots. */
  async counts(slots: readonly number[]): Promise<RuleCount[]> {
    const answer = await this.#request((request) => ({ type: 'rule-counts', request, slots }));
    return answer.type === 'rule-counts' ? answer.ruleCounts : [];
  }

  /** Returns the kernel's current state. */
  async inForce(): Promise<KernelState> {
    const answer = await this.#request((request) => ({ type: 'in-force', request }));
    return answer.type === 'in-force' ? answer : { images: false, attached: [], unfiltered: [] };
  }

  /** Copies the levels of the limit with this counter slot; undefined if there is none. Rejects with a SetupError. */
  async limitState(slot: number): Promise<LimitStateCopy | undefined> {
    const answer = await this.#request((request) => ({ type: 'limit-state', request, slot }));
    if (answer.type !== 'limit-state') return undefined;
    if (answer.error) throw fromPlain(answer.error);
    return answer.state;
  }

  /** Handles an answer of the drain thread. */
  answered(answer: Answer): void {
    const pending = this.#pending.get(answer.request);
    this.#pending.delete(answer.request);
    pending?.answer(answer);
  }

  /** The drain thread has ended: rejects all requests, pending and later ones. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { fail } of this.#pending.values()) fail(error);
    this.#pending.clear();
  }

  #request(message: (request: number) => ToDrain): Promise<Answer> {
    if (this.#failed) return Promise.reject(this.#failed);
    const request = ++this.#requests;
    return new Promise((answer, fail) => {
      this.#pending.set(request, { answer, fail });
      this.#send(message(request));
    });
  }
}
