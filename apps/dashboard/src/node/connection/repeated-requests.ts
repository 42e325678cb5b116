import type { Acknowledgement, Rejection } from '@packetlog/common';
import { isRejection } from '../messages/messages.ts';

const MAX_WAIT_MS = 30_000;

interface Waiting {
  timer?: ReturnType<typeof setTimeout>;
  supersede?: () => void;
}

type Answered = (answer: Acknowledgement<unknown>) => void;

/**
 * Repeats requests that the loader rejects with a retry time: after that time, and after each further rejection at least
 * twice as long, up to 30 s. `emit` sends a request and passes its answer on; `rejected` receives the first rejection of
 * each request.
 */
export class RepeatedRequests {
  readonly #emit: (event: string, request: object, answered: Answered) => void;
  readonly #rejected: (error: Rejection) => void;
  /** By key: the newest request. */
  readonly #newest = new Map<string, Waiting>();

  constructor(emit: RepeatedRequests['ask'], rejected: (error: Rejection) => void) {
    this.#emit = emit;
    this.#rejected = rejected;
  }

  /** Calls `answered` once, unless `clear` came before. A later request with the same `key` supersedes this one. */
  ask(event: string, request: object, answered: Answered, key = event): void {
    const own: Waiting = {};
    let waitMs = 1;
    let isFirst = true;
    this.#newest.get(key)?.supersede?.();
    this.#newest.set(key, own);
    const attempt = () =>
      this.#emit(event, request, (answer) => {
        const error = answer?.ok === false && isRejection(answer.error) ? answer.error : null;
        const again = error?.retry_after_ms;
        if (error !== null && isFirst) this.#rejected(error);
        isFirst = false;
        if (again === undefined || this.#newest.get(key) !== own) return answered(answer);
        waitMs = Math.min(MAX_WAIT_MS, Math.max(again, 2 * waitMs));
        own.supersede = () => {
          clearTimeout(own.timer);
          answered(answer);
        };
        // The random factor spreads pages that were rejected at the same time.
        own.timer = setTimeout(repeat, waitMs * (1 + Math.random()));
      });
    const repeat = () => {
      // From here on, only the answer to the repeated request counts.
      delete own.supersede;
      attempt();
    };
    attempt();
  }

  /** Discards all waiting requests, for example when the connection has ended. */
  clear(): void {
    for (const { timer } of this.#newest.values()) clearTimeout(timer);
    this.#newest.clear();
  }
}
